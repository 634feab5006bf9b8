#include "store/metric_series.h"

#include <cmath>
#include <limits>

#include "store/metric_chunk.h"
#include "store/metric_curve.h"

namespace muster::store::metrics {
namespace {

constexpr std::int64_t kChunkPoints = 4096;
constexpr std::int64_t kChunkBytes = 1 << 20;  // points that are long texts make chunks of fewer
constexpr std::int64_t kOpenChunks = 64;

Value number_or_null(double value) { return std::isnan(value) ? Value(nullptr) : Value(value); }
Value real_or_null(const std::optional<double>& value) { return value ? Value(*value) : Value(nullptr); }

}  // namespace

bool Series::is_there(Session& session, const Writer& writer, std::string_view name) {
  bool found = false;
  session.query("SELECT 1 FROM metric_series WHERE run_key = ? AND attempt = ? AND rank = ? AND name = ?",
                {writer.run_key, writer.attempt, writer.rank, name}, [&](const Row&) { found = true; });
  return found;
}

Series Series::open(Session& session, const Writer& writer, std::string_view name) {
  Series series(session);
  bool found = false;
  session.query(
      "SELECT key, point_count, first_open, last_index, last_kind, last_number, last_step, last_time, min, max FROM metric_series "
      "WHERE run_key = ? AND attempt = ? AND rank = ? AND name = ?",
      {writer.run_key, writer.attempt, writer.rank, name}, [&](const Row& row) {
        found = true;
        series.key_ = row.integer(0);
        series.first_open_ = row.integer(2);
        SeriesSummary& summary = series.summary_;
        summary.count = row.integer(1);
        summary.last_index = row.integer(3);
        summary.last_kind = static_cast<SeriesSummary::Kind>(row.integer(4));
        const bool is_nan = row.is_null(5) && summary.last_kind != SeriesSummary::Kind::other;
        summary.last_number = is_nan ? std::numeric_limits<double>::quiet_NaN() : row.real(5);
        if (!row.is_null(6)) summary.last_step = row.integer(6);
        summary.last_time = row.integer(7);
        if (!row.is_null(8)) summary.min = row.real(8);
        if (!row.is_null(9)) summary.max = row.real(9);
      });
  if (!found) {
    session.run(
        "INSERT INTO metric_series (run_key, attempt, rank, name, point_count, first_open, last_index, last_kind, last_time) VALUES (?, ?, "
        "?, ?, 0, 0, 0, 0, 0)",
        {writer.run_key, writer.attempt, writer.rank, name});
    series.key_ = session.last_key();
  }
  return series;
}

void Series::append(const std::vector<model::MetricPoint>& points) {
  const std::int64_t first_index = summary_.count;
  std::int64_t bytes = 0;
  for (const model::MetricPoint& point : points) {
    summary_.add(point);
    bytes += static_cast<std::int64_t>(text_bytes(point));
  }
  const Open open = look_at_open();
  if (summary_.count - first_open_ >= kChunkPoints || open.bytes + bytes >= kChunkBytes || open.chunks >= kOpenChunks) {
    std::vector<model::MetricPoint> merged = take_open();
    merged.insert(merged.end(), points.begin(), points.end());
    lay_down(merged, first_open_);
  } else {
    put_chunk(points, first_index);
  }
  save();
}

Series::Open Series::look_at_open() const {
  Open open;
  session_.query("SELECT count(*), coalesce(sum(length(bytes)), 0) FROM metric_chunks WHERE series_key = ? AND first_index >= ?",
                 {key_, first_open_}, [&](const Row& row) {
                   open = {row.integer(0), row.integer(1)};
                 });
  return open;
}

/// The open chunks' points, removed from the database.
std::vector<model::MetricPoint> Series::take_open() {
  std::vector<model::MetricPoint> points;
  session_.query("SELECT bytes FROM metric_chunks WHERE series_key = ? AND first_index >= ? ORDER BY first_index", {key_, first_open_},
                 [&](const Row& row) { decode_chunk(row.bytes(0), points); });
  session_.run("DELETE FROM metric_chunks WHERE series_key = ? AND first_index >= ?", {key_, first_open_});
  return points;
}

/// As many sealed chunks as the points fill, and an open one of the rest.
void Series::lay_down(std::span<const model::MetricPoint> points, std::int64_t first_index) {
  std::size_t begin = 0;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    bytes += static_cast<std::int64_t>(text_bytes(points[i]));
    const auto count = static_cast<std::int64_t>(i + 1 - begin);
    if (count < kChunkPoints && bytes < kChunkBytes) continue;
    const auto sealed = points.subspan(begin, i + 1 - begin);
    put_chunk(sealed, first_index);
    session_.run("INSERT INTO metric_sketches (series_key, first_index, point_count, bytes) VALUES (?, ?, ?, ?)",
                 {key_, first_index, count, Blob{encode_sketch(sketch_of(sealed, first_index))}});
    first_index += count;
    begin = i + 1;
    bytes = 0;
  }
  first_open_ = first_index;
  if (begin < points.size()) put_chunk(points.subspan(begin), first_index);
}

void Series::put_chunk(std::span<const model::MetricPoint> points, std::int64_t first_index) {
  session_.run("INSERT INTO metric_chunks (series_key, first_index, point_count, bytes) VALUES (?, ?, ?, ?)",
               {key_, first_index, static_cast<std::int64_t>(points.size()), Blob{encode_chunk(points)}});
}

void Series::save() {
  const bool other = summary_.last_kind == SeriesSummary::Kind::other;
  session_.run(
      "UPDATE metric_series SET point_count = ?, first_open = ?, last_index = ?, last_kind = ?, last_number = ?, last_step = ?, last_time "
      "= ?, min = ?, max = ? "
      "WHERE key = ?",
      {summary_.count, first_open_, summary_.last_index, static_cast<std::int64_t>(summary_.last_kind),
       other ? Value(nullptr) : number_or_null(summary_.last_number), summary_.last_step ? Value(*summary_.last_step) : Value(nullptr),
       summary_.last_time, real_or_null(summary_.min), real_or_null(summary_.max), key_});
}

model::MetricPoint point_at(Session& session, std::int64_t series_key, std::int64_t index) {
  std::vector<model::MetricPoint> points;
  std::int64_t first_index = 0;
  session.query("SELECT first_index, bytes FROM metric_chunks WHERE series_key = ? AND first_index <= ? ORDER BY first_index DESC LIMIT 1",
                {series_key, index}, [&](const Row& row) {
                  first_index = row.integer(0);
                  decode_chunk(row.bytes(1), points);
                });
  const auto at = static_cast<std::size_t>(index - first_index);
  if (at >= points.size())
    throw StoreFailure(Error{Code::internal, fmt::format("database: point {} of a metric series is missing", index), "", {}});
  return std::move(points[at]);
}

}  // namespace muster::store::metrics
