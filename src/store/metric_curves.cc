// Reading curves and summaries. A cursor is the key of the series where the next page starts.

#include <limits>

#include "base/text.h"
#include "store/metric_chunk.h"
#include "store/metric_series.h"
#include "store/metrics.h"

namespace muster::store::metrics {
namespace {

std::optional<double> optional_real(const Row& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(row.real(column));
}

Summary summary_of(Session& session, const Row& row) {
  Summary summary;
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
  return summary;
}

/// Every number of the chunks that begin in [begin, end).
void add_chunks(Session& session, std::int64_t series_key, std::int64_t begin, std::int64_t end, CurveReducer& reducer) {
  if (begin >= end) return;
  session.query(
      "SELECT first_index, bytes FROM metric_chunks WHERE series_key = ? AND first_index >= ? AND first_index < ? ORDER BY first_index",
      {series_key, begin, end}, [&](const Row& row) {
        std::vector<model::MetricPoint> points;
        decode_chunk(row.bytes(1), points);
        add_numbers(points, row.integer(0), reducer);
      });
}

std::vector<CurvePoint> curve_of(Session& session, std::int64_t series_key, std::int64_t count, int wanted) {
  if (wanted <= 0 || count <= 0) return {};
  CurveReducer reducer(count, wanted);
  std::int64_t sketches = 0;
  session.query("SELECT count(*) FROM metric_sketches WHERE series_key = ?", {series_key},
                [&](const Row& row) { sketches = row.integer(0); });
  std::int64_t next = 0;
  // Sketches alone would draw a shorter series with fewer points than are wanted.
  if (sketches * kPointsOfStretch >= 2 * wanted) {
    session.query("SELECT first_index, point_count, bytes FROM metric_sketches WHERE series_key = ? ORDER BY first_index", {series_key},
                  [&](const Row& row) {
                    add_chunks(session, series_key, next, row.integer(0), reducer);  // of a home from before there were sketches
                    for (const CurvePoint& point : decode_sketch(row.bytes(2))) reducer.add(point);
                    next = row.integer(0) + row.integer(1);
                  });
  }
  add_chunks(session, series_key, next, count, reducer);
  return reducer.finish();
}

}  // namespace

Result<Page<Curve>> curves(Session& session, std::int64_t run_key, const Selection& selection, std::string_view cursor, int limit,
                           int points) {
  std::int64_t from = 0;
  if (!cursor.empty() && (!parse_int64(cursor, from) || from < 0)) {
    return fail_hint(Code::malformed, "start again without a cursor", "`{}` is not a cursor of this listing",
                     to_utf8(cursor.substr(0, 100)));
  }
  Page<Curve> page;
  session.query(
      "SELECT key, name, rank, point_count, last_index, last_kind, last_number, last_step, last_time, min, max FROM metric_series "
      "WHERE run_key = ? AND attempt = ? AND (? = 1 OR name = ?) AND rank BETWEEN ? AND ? AND key >= ? ORDER BY key LIMIT ?",
      {run_key, selection.attempt, selection.name ? 0 : 1, or_null(selection.name), selection.lowest_rank(), selection.highest_rank(), from,
       limit + 1},
      [&](const Row& row) {
        if (page.items.size() == static_cast<std::size_t>(limit))
          page.next = std::to_string(row.integer(0));
        else
          page.items.push_back({summary_of(session, row), curve_of(session, row.integer(0), row.integer(3), points)});
      });
  return page;
}

}  // namespace muster::store::metrics
