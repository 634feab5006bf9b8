#include "store/metrics.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "store/metric_series.h"

namespace muster::store::metrics {
namespace {

std::optional<double> optional_real(const Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

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
  std::vector<std::string> surplus;
  for (const auto& [name, group] : groups) {
    if (Series::is_there(session, writer, name) || budget.take())
      Series::open(session, writer, name).append(group);
    else
      surplus.emplace_back(name);
  }
  return surplus;
}

std::vector<Summary> summaries(Session& session, std::int64_t run_key, const Selection& selection) {
  std::vector<Summary> all;
  session.query(
      "SELECT key, name, rank, point_count, last_index, last_kind, last_number, last_step, last_time, min, max FROM metric_series "
      "WHERE run_key = ? AND attempt = ? AND (? OR name = ?) AND (? OR rank = ?) ORDER BY name, rank",
      {run_key, selection.attempt, selection.name ? 0 : 1, or_null(selection.name), selection.rank ? 0 : 1, selection.rank.value_or(0)},
      [&](const Row& row) {
        Summary& summary = all.emplace_back();
        summary.name = row.text(1);
        summary.rank = static_cast<int>(row.integer(2));
        summary.count = row.integer(3);
        summary.last.time = row.integer(8);
        if (!row.is_null(7)) summary.last.step = row.integer(7);
        const auto kind = static_cast<SeriesSummary::Kind>(row.integer(5));
        if (kind == SeriesSummary::Kind::other) {
          summary.last = point_at(session, row.integer(0), row.integer(4));
        } else {
          // SQLite keeps NaN as NULL.
          const double number = row.is_null(6) ? std::numeric_limits<double>::quiet_NaN() : row.real(6);
          summary.last.value = model::Number{number, kind == SeriesSummary::Kind::integer};
        }
        summary.min = optional_real(row, 9);
        summary.max = optional_real(row, 10);
      });
  return all;
}

}  // namespace muster::store::metrics
