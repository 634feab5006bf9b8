#pragma once
// A series reduced to a wanted number of points that draw the same curve: of each stretch of the series its first and last number, the
// least and the greatest (M4: Jugel, Jerzak, Hackenbroich, Markl: "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014),
// and its first NaN, so that a divergence is seen. Points that are no numbers are left out. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/metric.h"

namespace muster::store {

struct CurvePoint {
  std::int64_t index = 0;  ///< in the series
  std::optional<std::int64_t> step;
  TimeUs time = 0;
  model::Number value;
  bool operator==(const CurvePoint& other) const { return index == other.index; }
};

/// How many points a stretch has at most.
inline constexpr std::int64_t kPointsOfStretch = 5;

/// Takes a series' points in their order, all of them or those of earlier reductions, and keeps those that draw it.
class CurveReducer {
 public:
  /// The series has `count` points (at least 1), of which at most about `wanted` (at least kPointsOfStretch) are kept.
  CurveReducer(std::int64_t count, std::int64_t wanted);

  void add(const CurvePoint& point);
  /// What was kept, by index. Nothing can be added after.
  std::vector<CurvePoint> finish();

 private:
  void end_stretch();

  std::int64_t length_ = 1;    ///< of a stretch, in points
  std::int64_t stretch_ = -1;  ///< which one the points since are of
  std::optional<CurvePoint> first_, last_, least_, greatest_, not_a_number_;
  std::vector<CurvePoint> kept_;
};

/// The points of a chunk, of which the first is the series' `first_index`-th, as one stretch.
std::vector<CurvePoint> sketch_of(std::span<const model::MetricPoint> points, std::int64_t first_index);

/// A sketch as bytes: points of 33 bytes each, little-endian: i64 index, u8 flags (1 a step was given, 2 an integer), i64 step, i64 time,
/// f64 number.
std::string encode_sketch(const std::vector<CurvePoint>& sketch);
/// Throws StoreFailure when the bytes are damaged.
std::vector<CurvePoint> decode_sketch(std::string_view bytes);

/// The numbers among the points, of which the first is the series' `first_index`-th, given to the reducer.
void add_numbers(std::span<const model::MetricPoint> points, std::int64_t first_index, CurveReducer& reducer);

}  // namespace muster::store
