#include "store/metrics.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "api/metric_selection.h"
#include "api/resources.h"
#include "base/text.h"

namespace muster::api {
namespace {

constexpr int kMostPoints = 100'000;
constexpr std::size_t kMetricsPieceBytes = 128u << 10;

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

Result<http::Response> get_metrics(Call& call) {
  QueryReader query(call.request);
  store::metrics::Selection selection = metric_selection(query);
  const auto limit = static_cast<int>(query.integer("limit", 1, kMostPoints).value_or(kMostPoints));
  const std::string cursor = query.text("cursor").value_or("");
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(auto page, call.services.store.read([&](store::Session& session) -> Result<store::Page<Slice>> {
    MUSTER_TRY_ASSIGN(const model::Run run, run_of(call, session));
    if (selection.attempt == 0) selection.attempt = run.attempt;
    return store::metrics::page(session, run.key, selection, cursor, limit);
  }));
  return http::Response{200, {{"content-type", "application/json"}}, std::make_unique<PointsBody>(call.services, std::move(page))};
}

}  // namespace

void add_metric_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/metrics", {Users::reader, Runs::workspace}, get_metrics);
}

}  // namespace muster::api
