// Metrics as they are drawn: what is known of each series, and few points of its curve, however many it has.
#include <algorithm>

#include "api/metric_selection.h"
#include "api/resources.h"
#include "model/metric.h"
#include "store/metrics.h"

namespace muster::api {
namespace {

constexpr int kMostCurvePoints = 10'000;
constexpr int kCurvePoints = 500;
constexpr int kMostCurves = 1'000;
constexpr int kPointsOfPage = 100'000;

Json number_or_null_json(const std::optional<double>& number) { return number ? model::to_json(model::Number{*number}) : Json(); }

Json point_to_json(const model::MetricPoint& point) {
  return {{"value", model::to_json(point.value)}, {"step", point.step ? Json(*point.step) : Json()}, {"time", time_to_json(point.time)}};
}

Json to_json(const store::metrics::Curve& curve) {
  Json points = Json::array();
  for (const store::CurvePoint& point : curve.points) points.push_back(point_to_json({point.time, point.step, point.value}));
  return {{"name", curve.summary.name},
          {"rank", curve.summary.rank},
          {"count", curve.summary.count},
          {"min", number_or_null_json(curve.summary.min)},
          {"max", number_or_null_json(curve.summary.max)},
          {"last", point_to_json(curve.summary.last)},
          {"points", std::move(points)}};
}

Result<http::Response> get_curves(Call& call) {
  QueryReader query(call.request);
  store::metrics::Selection selection = metric_selection(query);
  const auto points = static_cast<int>(query.integer("points", 0, kMostCurvePoints).value_or(kCurvePoints));
  if (points > 0 && points < store::kPointsOfStretch)
    query.fault("points", fmt::format("must be 0 (none), or from {} to {}", store::kPointsOfStretch, kMostCurvePoints));
  const auto limit = static_cast<int>(query.integer("limit", 1, kMostCurves).value_or(kMostCurves));
  const std::string cursor = query.text("cursor").value_or("");
  MUSTER_TRY(query.finish());
  const int at_once = std::clamp(points == 0 ? limit : kPointsOfPage / points, 1, limit);
  MUSTER_TRY_ASSIGN(const auto page, call.services.store.read([&](store::Session& session) -> Result<store::Page<store::metrics::Curve>> {
    MUSTER_TRY_ASSIGN(const model::Run run, run_of(call, session));
    if (selection.attempt == 0) selection.attempt = run.attempt;
    return store::metrics::curves(session, run.key, selection, cursor, at_once, points);
  }));
  Json curves = Json::array();
  for (const store::metrics::Curve& curve : page.items) curves.push_back(to_json(curve));
  return http::json_response(200, {{"curves", std::move(curves)}, {"next", page.next ? Json(*page.next) : Json()}});
}

}  // namespace

store::metrics::Selection metric_selection(QueryReader& query) {
  store::metrics::Selection selection;
  selection.name = query.text("name");
  selection.rank = 0;
  if (query.text("rank") == "all")
    selection.rank = std::nullopt;
  else if (const auto rank = query.integer("rank", 0, INT32_MAX))
    selection.rank = static_cast<int>(*rank);
  selection.attempt = static_cast<int>(query.integer("attempt", 1, INT32_MAX).value_or(0));
  return selection;
}

void add_metric_curve_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/metrics/curves", {Users::reader, Runs::workspace}, get_curves);
}

}  // namespace muster::api
