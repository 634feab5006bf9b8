#include "store/metrics.h"

#include <algorithm>
#include <unordered_map>

#include "store/metric_series.h"
#include "store/run_metrics.h"

namespace muster::store::metrics {
namespace {

/// How many series a writer may still begin; counted when the first is asked for.
class SeriesBudget {
 public:
  SeriesBudget(Session& session, const Writer& writer, const Limits& limits) : session_(session), writer_(writer), limits_(limits) {}

  bool take() {
    if (!left_) left_ = count();
    if (*left_ <= 0) return false;
    --*left_;
    return true;
  }

 private:
  std::int64_t count() {
    std::int64_t names = 0;
    std::int64_t series = 0;
    session_.query("SELECT count(*) FROM metric_series WHERE run_key = ? AND attempt = ? AND rank = ?",
                   {writer_.run_key, writer_.attempt, writer_.rank}, [&](const Row& row) { names = row.integer(0); });
    session_.query("SELECT count(*) FROM metric_series WHERE run_key = ? AND attempt = ?", {writer_.run_key, writer_.attempt},
                   [&](const Row& row) { series = row.integer(0); });
    return std::min(limits_.names - names, limits_.series - series);
  }

  Session& session_;
  const Writer& writer_;
  const Limits& limits_;
  std::optional<std::int64_t> left_;
};

}  // namespace

std::vector<std::string> append(Session& session, const Writer& writer, std::span<const model::NamedPoint> points, const Limits& limits) {
  // By series, in the order of their first points, so that keys (and so listings) follow what the script did.
  std::vector<std::pair<std::string_view, std::vector<model::MetricPoint>>> groups;
  std::unordered_map<std::string_view, std::size_t> group_of;
  for (const model::NamedPoint& named : points) {
    const auto [at, is_new] = group_of.try_emplace(named.name, groups.size());
    if (is_new) groups.emplace_back(named.name, std::vector<model::MetricPoint>{});
    groups[at->second].second.push_back(named.point);
  }
  SeriesBudget budget(session, writer, limits);
  const bool counts = run_metrics::counts(session, writer.run_key, writer.attempt, writer.rank);
  std::vector<std::string> surplus;
  for (const auto& [name, group] : groups) {
    if (!Series::is_there(session, writer, name) && !budget.take()) {
      surplus.emplace_back(name);
      continue;
    }
    Series series = Series::open(session, writer, name);
    series.append(group);
    if (counts) run_metrics::put(session, writer.run_key, name, series.summary());
  }
  return surplus;
}

}  // namespace muster::store::metrics
