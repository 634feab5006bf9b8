#pragma once
// What is known of a series without its points, kept as points come. Pure.

#include <cstdint>
#include <optional>

#include "model/metric.h"

namespace muster::store {

struct SeriesSummary {
  enum class Kind { number, integer, other };

  std::int64_t count = 0;
  std::int64_t last_index = 0;  ///< of the latest point: the highest (step or 0, time, number); of equals the one logged last
  Kind last_kind = Kind::number;
  double last_number = 0;  ///< 0 when it is no number
  std::optional<std::int64_t> last_step;
  TimeUs last_time = 0;
  std::optional<double> min;  ///< of the numbers, NaN left out
  std::optional<double> max;

  void add(const model::MetricPoint& point);
};

}  // namespace muster::store
