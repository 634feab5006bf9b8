#include "store/metric_summary.h"

#include <cmath>

namespace muster::store {
namespace {

/// NaN is below every number: a run that has diverged at a step does not hide what it logged there before.
bool less(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a < b; }

}  // namespace

void SeriesSummary::add(const model::MetricPoint& point) {
  const auto* number = std::get_if<model::Number>(&point.value);
  const double value = number == nullptr ? 0 : number->value;
  const std::int64_t step = point.step.value_or(0);
  const std::int64_t before_step = last_step.value_or(0);
  bool older = false;
  if (count > 0) {
    if (step != before_step)
      older = step < before_step;
    else if (point.time != last_time)
      older = point.time < last_time;
    else if (number != nullptr && last_kind != Kind::other)
      older = less(value, last_number);
  }
  if (!older) {
    last_index = count;
    last_kind = number == nullptr ? Kind::other : number->integer ? Kind::integer : Kind::number;
    last_number = value;
    last_step = point.step;
    last_time = point.time;
  }
  if (number != nullptr && !std::isnan(value)) {
    if (!min || value < *min) min = value;
    if (!max || value > *max) max = value;
  }
  ++count;
}

}  // namespace muster::store
