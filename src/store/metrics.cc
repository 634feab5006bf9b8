#include "store/metrics.h"

#include <limits>
#include <unordered_map>

#include "store/metric_series.h"

namespace muster::store::metrics {
namespace {

std::optional<double> optional_real(const Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

}  // namespace

void append(Session& session, const Writer& writer, const std::vector<model::NamedPoint>& points) {
  // By series, in the order of their first points, so that keys (and so listings) follow what the script did.
  std::vector<std::pair<std::string_view, std::vector<model::MetricPoint>>> groups;
  std::unordered_map<std::string_view, std::size_t> group_of;
  for (const model::NamedPoint& named : points) {
    const auto [at, is_new] = group_of.try_emplace(named.name, groups.size());
    if (is_new) groups.emplace_back(named.name, std::vector<model::MetricPoint>{});
    groups[at->second].second.push_back(named.point);
  }
  for (const auto& [name, group] : groups) Series::open(session, writer, name).append(group);
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
