#include "store/metrics.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "model/node_series.h"

namespace muster::api {
namespace {

using store::runs::Brief;

constexpr int kMostPoints = 100'000;
constexpr std::size_t kMetricsPieceBytes = 128u << 10;

constexpr int kMostCurvePoints = 10'000;
constexpr int kCurvePoints = 500;
constexpr int kMostCurves = 1'000;
constexpr int kPointsOfPage = 100'000;

using store::metrics::Slice;

/// A page of points as JSON, made while it is sent: however slowly it is read, a piece of it is in memory. Written as text, since points as
/// JSON objects would take a hundred times their size.
class PointsBody final : public http::StreamSource {
 public:
  PointsBody(Services& services, store::Page<Slice> page)
      : services_(services), next_(std::move(page.next)), slices_(std::move(page.items)) {
    // A name's points of all ranks are one list.
    std::stable_sort(slices_.begin(), slices_.end(), [](const Slice& a, const Slice& b) { return a.name < b.name; });
  }

  void on_ready(std::function<void()>) override {}

  std::optional<std::string> pull() override {
    if (ended_) return std::nullopt;
    std::string text = std::exchange(begun_, true) ? "" : R"({"metrics":{)";
    while (at_ < slices_.size() && text.size() < kMetricsPieceBytes) add_some(text);
    if (at_ == slices_.size()) {
      text += fmt::format(R"({}}},"next":{}}})", slices_.empty() ? "" : "]", next_ ? dump_json(*next_) : "null");
      ended_ = true;
    }
    return text;
  }

 private:
  void add_some(std::string& text) {
    Slice& slice = slices_[at_];
    auto points = services_.store.read(
        [&](store::Session& session) -> Result<std::vector<model::MetricPoint>> { return store::metrics::points(session, slice); });
    if (!points) throw std::runtime_error(points.error().detail);
    if (points->empty()) throw std::runtime_error("the run was deleted while its metrics were read");
    for (const model::MetricPoint& point : *points) {
      if (text.size() >= kMetricsPieceBytes) return;
      if (name_ != slice.name) text += fmt::format("{}{}:[", name_ ? "]," : "", dump_json(slice.name));
      text += fmt::format(R"({}{{"value":{},"step":{},"time":"{}","rank":{}}})", name_ == slice.name ? "," : "",
                          dump_json(model::to_json(point.value)), point.step ? std::to_string(*point.step) : "null", to_rfc3339(point.time),
                          slice.rank);
      name_ = slice.name;
      ++slice.begin;
    }
    if (slice.begin == slice.end) ++at_;
  }

  Services& services_;
  const std::optional<std::string> next_;
  std::vector<Slice> slices_;
  std::size_t at_ = 0;
  std::optional<std::string> name_;  ///< whose list is open
  bool begun_ = false;
  bool ended_ = false;
};

/// By name=, rank= (0 when absent, or "all") and attempt=, which is 0 when absent: the run's newest is meant. Faults are the query's.
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

Result<http::Response> get_metrics(Call& call) {
  QueryReader query(call.request);
  store::metrics::Selection selection = metric_selection(query);
  const auto limit = static_cast<int>(query.integer("limit", 1, kMostPoints).value_or(kMostPoints));
  const std::string cursor = query.text("cursor").value_or("");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(auto page, call.services.store.read([&](store::Session& session) -> Result<store::Page<Slice>> {
    MUSTER_TRY_ASSIGN(const Brief run, run_of(call, session));
    if (selection.attempt == 0) selection.attempt = run.attempt;
    return store::metrics::page(session, run.key, selection, cursor, limit);
  }));
  return http::Response{200, {{"content-type", "application/json"}}, std::make_unique<PointsBody>(call.services, std::move(page))};
}

Json point_to_json(const model::MetricPoint& point) {
  return {{"value", model::to_json(point.value)}, {"step", point.step ? Json(*point.step) : Json()}, {"time", time_to_json(point.time)}};
}

Json to_json(const store::metrics::Curve& curve) {
  Json points = Json::array();
  for (const store::CurvePoint& point : curve.points) points.push_back(point_to_json({point.time, point.step, point.value}));
  return {{"name", curve.summary.name},
          {"rank", curve.summary.rank},
          {"count", curve.summary.count},
          {"min", curve.summary.min ? number_to_json(*curve.summary.min) : Json()},
          {"max", curve.summary.max ? number_to_json(*curve.summary.max) : Json()},
          {"last", point_to_json(curve.summary.last)},
          {"points", std::move(points)}};
}

/// Curves of what `selection` says, by points=, limit= and cursor=; each is shown as `shown` says.
template <typename Shown>
Result<http::Response> answer_curves(Call& call, QueryReader& query, store::metrics::Selection selection, Shown shown) {
  const auto points = static_cast<int>(query.integer("points", 0, kMostCurvePoints).value_or(kCurvePoints));
  if (points > 0 && points < store::kPointsOfStretch)
    query.fault("points", fmt::format("must be 0 (none), or from {} to {}", store::kPointsOfStretch, kMostCurvePoints));
  const auto limit = static_cast<int>(query.integer("limit", 1, kMostCurves).value_or(kMostCurves));
  const std::string cursor = query.text("cursor").value_or("");
  MUSTER_TRY(query.finish());
  const int at_once = std::clamp(points == 0 ? limit : kPointsOfPage / points, 1, limit);
  MUSTER_TRY_ASSIGN(const auto page, call.services.store.read([&](store::Session& session) -> Result<store::Page<store::metrics::Curve>> {
    MUSTER_TRY_ASSIGN(const Brief run, run_of(call, session));
    if (selection.attempt == 0) selection.attempt = run.attempt;
    return store::metrics::curves(session, run.key, selection, cursor, at_once, points);
  }));
  return page_response("curves", page, shown);
}

Result<http::Response> get_curves(Call& call) {
  QueryReader query(call.request);
  const store::metrics::Selection selection = metric_selection(query);
  return answer_curves(call, query, selection, [](const store::metrics::Curve& curve) { return to_json(curve); });
}

/// How much the run's nodes were used, as their runners have told.
Result<http::Response> get_machine(Call& call) {
  QueryReader query(call.request);
  store::metrics::Selection selection;
  selection.of = store::metrics::Selection::Of::nodes;
  selection.name = query.text("name");
  if (const auto node_rank = query.integer("node_rank", 0, INT32_MAX))
    selection.rank = model::series_rank_of_node(static_cast<int>(*node_rank));
  selection.attempt = static_cast<int>(query.integer("attempt", 1, INT32_MAX).value_or(0));
  return answer_curves(call, query, selection, [](const store::metrics::Curve& curve) {
    Json json = to_json(curve);
    json.erase("rank");
    json["node_rank"] = model::node_of_series_rank(curve.summary.rank);
    return json;
  });
}

}  // namespace

void add_metric_routes(Routes& routes) {
  const std::string run = "/api/v1/workspaces/{workspace}/runs/{run}";
  const std::string base = run + "/metrics";
  routes.add("GET", base, {Users::reader, Runs::workspace}, get_metrics);
  routes.add("GET", base + "/curves", {Users::reader, Runs::workspace}, get_curves);
  routes.add("GET", run + "/machine", {Users::reader, Runs::workspace}, get_machine);
}

}  // namespace muster::api
