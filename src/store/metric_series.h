#pragma once
// One series of metric points in the database: how its chunks are laid down and merged.
//
// The points at the end are in open chunks, each as small as the batch it came with; once there are 4,096 of them, or 1 MiB, they become
// sealed chunks of that size, each with a sketch of its curve. Many small open chunks are merged into one on the way, so that a point is
// rewritten a few dozen times at most, however small the batches.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/metric_summary.h"
#include "store/metrics.h"
#include "store/session.h"

namespace muster::store::metrics {

class Series {
 public:
  static bool is_there(Session& session, const Writer& writer, std::string_view name);
  /// The series of that name, begun if there is none.
  static Series open(Session& session, const Writer& writer, std::string_view name);
  void append(const std::vector<model::MetricPoint>& points);
  const SeriesSummary& summary() const { return summary_; }

 private:
  explicit Series(Session& session) : session_(session) {}
  struct Open {
    std::int64_t chunks = 0;
    std::int64_t bytes = 0;
  };
  Open look_at_open() const;
  std::vector<model::MetricPoint> take_open();
  void lay_down(std::span<const model::MetricPoint> points, std::int64_t first_index);
  void put_chunk(std::span<const model::MetricPoint> points, std::int64_t first_index);
  void save();

  Session& session_;
  std::int64_t key_ = 0;
  std::int64_t first_open_ = 0;  ///< index of the first point that is in an open chunk
  SeriesSummary summary_;
};

/// One point of a series.
model::MetricPoint point_at(Session& session, std::int64_t series_key, std::int64_t index);

}  // namespace muster::store::metrics
