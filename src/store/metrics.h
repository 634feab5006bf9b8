#pragma once
// Metric points: one series per (run, attempt, rank, name), in the order they were logged. Not a row a point: a series is a row of
// summaries, some sealed chunks of about 4,096 compressed points, and a few small open ones that are merged as they gather
// (metric_chunk.h).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/journal.h"
#include "store/metric_curve.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::metrics {

/// Whose points: those of one process of one attempt.
struct Writer {
  std::int64_t run_key = 0;
  int attempt = 1;
  int rank = 0;  ///< 0 for a process that has no rank
};

struct Limits {
  std::int64_t names = 10'000;    ///< of one rank
  std::int64_t series = 100'000;  ///< of one attempt: names by ranks
};

/// Adds the points in their order. Call it in the transaction that moves the source on (sources.h), and points are stored exactly once.
/// Returns the names that would have begun a series beyond the limits: their points are left out, all others are stored.
std::vector<std::string> append(Session& session, const Writer& writer, std::span<const model::NamedPoint> points,
                                const Limits& limits = {});

struct Selection {
  std::optional<std::string> name;
  std::optional<int> rank;  ///< nothing: every rank
  int attempt = 1;
  enum class Of { ranks, nodes } of = Of::ranks;  ///< without a rank: those of all ranks, or of all nodes (model::series_rank_of_node)

  int lowest_rank() const { return rank.value_or(of == Of::ranks ? 0 : INT32_MIN); }
  int highest_rank() const { return rank.value_or(of == Of::ranks ? INT32_MAX : -1); }
};

/// Points of one series that follow each other.
struct Slice {
  std::int64_t series_key = 0;
  std::string name;
  int rank = 0;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

/// Which points a page has: those of the selected series, series after series as they were begun, each in order; at most `limit` points (1
/// to 100,000) and about 32 MiB of text. A series may go on in the next page. malformed for a cursor that is not ours.
Result<Page<Slice>> page(Session& session, std::int64_t run_key, const Selection& selection, std::string_view cursor, int limit);

/// The first points of the slice, as many as are kept together (about 4,096 at most); none when the run was deleted meanwhile. Points that
/// are there never change, so a page may be read in as many transactions as one likes.
std::vector<model::MetricPoint> points(Session& session, const Slice& slice);

/// What is known of a series without reading its points.
struct Summary {
  std::string name;
  int rank = 0;
  std::int64_t count = 0;
  model::MetricPoint last;    ///< the one with the highest (step or 0, time); of equal ones the greater value, then the later
  std::optional<double> min;  ///< of the numbers among the values, NaN left out; nothing when there are none
  std::optional<double> max;
};

/// A series drawn by few of its points.
struct Curve {
  Summary summary;
  std::vector<CurvePoint> points;
};
/// The selected series as they were begun, at most `limit` of them, each with at most `points` points (0, or from kPointsOfStretch on).
/// Reads a few hundred chunks at most of each, however long it is. malformed for a cursor that is not ours.
Result<Page<Curve>> curves(Session& session, std::int64_t run_key, const Selection& selection, std::string_view cursor, int limit,
                           int points);

}  // namespace muster::store::metrics
