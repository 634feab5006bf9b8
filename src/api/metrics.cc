#include "store/metrics.h"

#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"

namespace muster::api {
namespace {

constexpr int kMostPoints = 100'000;

/// Written as text, since 100,000 points as JSON objects would take a hundred times their size.
std::string points_text(const store::Page<store::metrics::SeriesPoints>& page) {
  std::map<std::string, std::string> lists;
  for (const store::metrics::SeriesPoints& series : page.items) {
    std::string& list = lists[series.name];
    for (const model::MetricPoint& point : series.points) {
      list += fmt::format(R"({}{{"value":{},"step":{},"time":"{}","rank":{}}})", list.empty() ? "" : ",",
                          dump_json(model::to_json(point.value)), point.step ? std::to_string(*point.step) : "null", to_rfc3339(point.time),
                          series.rank);
    }
  }
  std::string text = R"({"metrics":{)";
  bool first = true;
  for (const auto& [name, list] : lists) {
    text += fmt::format("{}{}:[{}]", std::exchange(first, false) ? "" : ",", dump_json(name), list);
  }
  return text + fmt::format(R"(}},"next":{}}})", page.next ? dump_json(*page.next) : "null");
}

Result<http::Response> get_metrics(Call& call) {
  QueryReader query(call.request);
  store::metrics::Selection selection;
  selection.name = query.text("name");
  selection.rank = 0;
  if (query.text("rank") == "all")
    selection.rank = std::nullopt;
  else if (const auto rank = query.integer("rank", 0, INT32_MAX))
    selection.rank = static_cast<int>(*rank);
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  const auto limit = static_cast<int>(query.integer("limit", 1, kMostPoints).value_or(kMostPoints));
  const std::string cursor = query.text("cursor").value_or("");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const auto page,
                    call.services.store.read([&](store::Session& session) -> Result<store::Page<store::metrics::SeriesPoints>> {
                      MUSTER_TRY_ASSIGN(const model::Run run, run_of(call, session));
                      selection.attempt = static_cast<int>(attempt.value_or(run.attempt));
                      return store::metrics::read(session, run.key, selection, cursor, limit);
                    }));
  return http::Response{200, {{"content-type", "application/json"}}, points_text(page)};
}

}  // namespace

void add_metric_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/metrics", Access::workspace, get_metrics);
}

}  // namespace muster::api
