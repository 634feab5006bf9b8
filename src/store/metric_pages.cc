// Reading points in pages. A cursor is "<series key>:<index>": where the next page starts.

#include <algorithm>

#include "base/text.h"
#include "store/metric_chunk.h"
#include "store/metrics.h"

namespace muster::store::metrics {
namespace {

constexpr std::size_t kPageTextBytes = 32u << 20;

struct Position {
  std::int64_t series = 0;
  std::int64_t index = 0;
};

Result<Position> read_cursor(std::string_view cursor) {
  Position position;
  if (cursor.empty()) return position;
  const auto parts = split(cursor, ':');
  if (parts.size() == 2 && parse_int64(parts[0], position.series) && parse_int64(parts[1], position.index) && position.series >= 0 &&
      position.index >= 0)
    return position;
  return fail_hint(Code::malformed, "start again without a cursor", "`{}` is not a cursor of this listing", to_utf8(cursor.substr(0, 100)));
}

struct SeriesRow {
  std::int64_t key = 0;
  std::string name;
  int rank = 0;
  std::int64_t count = 0;
};

std::vector<SeriesRow> select_series(Session& session, std::int64_t run_key, const Selection& selection, std::int64_t from_key) {
  std::vector<SeriesRow> all;
  session.query(
      "SELECT key, name, rank, point_count FROM metric_series "
      "WHERE run_key = ? AND attempt = ? AND (? = 1 OR name = ?) AND rank BETWEEN ? AND ? AND key >= ? ORDER BY key",
      {run_key, selection.attempt, selection.name ? 0 : 1, or_null(selection.name), selection.lowest_rank(), selection.highest_rank(),
       from_key},
      [&](const Row& row) {
        all.push_back({row.integer(0), row.text(1), static_cast<int>(row.integer(2)), row.integer(3)});
      });
  return all;
}

/// What may still go into the page.
struct Room {
  std::size_t points = 0;
  std::size_t bytes = kPageTextBytes;
  bool left() const { return points > 0 && bytes > 0; }
};

/// The chunk that has the point at `index`: its points from there on.
std::vector<model::MetricPoint> chunk_from(Session& session, std::int64_t series_key, std::int64_t index) {
  std::vector<model::MetricPoint> chunk;
  std::int64_t first_index = 0;
  session.query("SELECT first_index, bytes FROM metric_chunks WHERE series_key = ? AND first_index <= ? ORDER BY first_index DESC LIMIT 1",
                {series_key, index}, [&](const Row& row) {
                  first_index = row.integer(0);
                  decode_chunk(row.bytes(1), chunk);
                });
  const auto before = std::min(chunk.size(), static_cast<std::size_t>(index - first_index));
  chunk.erase(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(before));
  return chunk;
}

/// The index up to which points of the series go into the page.
std::int64_t end_of_slice(Session& session, std::int64_t series_key, std::int64_t index, std::int64_t count, Room& room) {
  while (index < count && room.left()) {
    const std::vector<model::MetricPoint> chunk = chunk_from(session, series_key, index);
    if (chunk.empty())
      throw StoreFailure(Error{Code::internal, fmt::format("database: point {} of a metric series is missing", index), "", {}});
    for (std::size_t at = 0; at < chunk.size() && index < count && room.left(); ++at, ++index) {
      room.points -= 1;
      room.bytes -= std::min(room.bytes, text_bytes(chunk[at]));
    }
  }
  return index;
}

}  // namespace

Result<Page<Slice>> page(Session& session, std::int64_t run_key, const Selection& selection, std::string_view cursor, int limit) {
  MUSTER_TRY_ASSIGN(const Position start, read_cursor(cursor));
  Page<Slice> page;
  Room room;
  room.points = static_cast<std::size_t>(limit);
  for (const SeriesRow& series : select_series(session, run_key, selection, start.series)) {
    const std::int64_t index = series.key == start.series ? start.index : 0;
    if (index >= series.count) continue;
    if (!room.left()) {
      page.next = fmt::format("{}:{}", series.key, index);
      break;
    }
    const std::int64_t end = end_of_slice(session, series.key, index, series.count, room);
    page.items.push_back({series.key, series.name, series.rank, index, end});
    if (end < series.count) {
      page.next = fmt::format("{}:{}", series.key, end);
      break;
    }
  }
  return page;
}

std::vector<model::MetricPoint> points(Session& session, const Slice& slice) {
  if (slice.begin >= slice.end) return {};
  std::vector<model::MetricPoint> chunk = chunk_from(session, slice.series_key, slice.begin);
  const auto wanted = static_cast<std::size_t>(slice.end - slice.begin);
  if (chunk.size() > wanted) chunk.resize(wanted);
  return chunk;
}

}  // namespace muster::store::metrics
