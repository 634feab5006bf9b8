#include "store/metric_curve.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "store/session.h"

namespace muster::store {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie in memory");

constexpr std::size_t kSketchPointBytes = 33;
constexpr std::uint8_t kSketchStep = 1;
constexpr std::uint8_t kSketchInteger = 2;

template <typename T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <typename T>
T take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

}  // namespace

CurveReducer::CurveReducer(std::int64_t count, std::int64_t wanted) {
  const std::int64_t stretches = std::max<std::int64_t>(wanted / kPointsOfStretch, 1);
  if (count > wanted) length_ = count / stretches + (count % stretches == 0 ? 0 : 1);
}

void CurveReducer::add(const CurvePoint& point) {
  const std::int64_t stretch = point.index / length_;
  if (stretch != stretch_) end_stretch();
  stretch_ = stretch;
  if (!first_) first_ = point;
  last_ = point;
  if (std::isnan(point.value.value)) {
    if (!not_a_number_) not_a_number_ = point;
    return;
  }
  if (!least_ || point.value.value < least_->value.value) least_ = point;
  if (!greatest_ || point.value.value > greatest_->value.value) greatest_ = point;
}

void CurveReducer::end_stretch() {
  const std::size_t before = kept_.size();
  for (auto* one : {&first_, &least_, &greatest_, &not_a_number_, &last_}) {
    if (*one) kept_.push_back(**one);
    one->reset();
  }
  const auto begin = kept_.begin() + static_cast<std::ptrdiff_t>(before);
  std::sort(begin, kept_.end(), [](const CurvePoint& a, const CurvePoint& b) { return a.index < b.index; });
  kept_.erase(std::unique(begin, kept_.end()), kept_.end());
}

std::vector<CurvePoint> CurveReducer::finish() {
  end_stretch();
  return std::move(kept_);
}

void add_numbers(std::span<const model::MetricPoint> points, std::int64_t first_index, CurveReducer& reducer) {
  for (const model::MetricPoint& point : points) {
    if (const auto* number = std::get_if<model::Number>(&point.value)) reducer.add({first_index, point.step, point.time, *number});
    ++first_index;
  }
}

std::vector<CurvePoint> sketch_of(std::span<const model::MetricPoint> points, std::int64_t first_index) {
  // One stretch: indexes within the chunk alone.
  CurveReducer reducer(static_cast<std::int64_t>(points.size()) + kPointsOfStretch, kPointsOfStretch);
  add_numbers(points, 0, reducer);
  std::vector<CurvePoint> sketch = reducer.finish();
  for (CurvePoint& point : sketch) point.index += first_index;
  return sketch;
}

std::string encode_sketch(const std::vector<CurvePoint>& sketch) {
  std::string bytes;
  bytes.reserve(sketch.size() * kSketchPointBytes);
  for (const CurvePoint& point : sketch) {
    put(bytes, point.index);
    put(bytes, static_cast<std::uint8_t>((point.step ? kSketchStep : 0) | (point.value.integer ? kSketchInteger : 0)));
    put(bytes, point.step.value_or(0));
    put(bytes, point.time);
    put(bytes, point.value.value);
  }
  return bytes;
}

std::vector<CurvePoint> decode_sketch(std::string_view bytes) {
  if (bytes.size() % kSketchPointBytes != 0)
    throw StoreFailure(Error{Code::internal, fmt::format("database: a sketch of metric points has {} bytes", bytes.size()), "", {}});
  std::vector<CurvePoint> sketch(bytes.size() / kSketchPointBytes);
  const char* at = bytes.data();
  for (CurvePoint& point : sketch) {
    point.index = take<std::int64_t>(at);
    const auto flags = take<std::uint8_t>(at);
    const auto step = take<std::int64_t>(at);
    if ((flags & kSketchStep) != 0) point.step = step;
    point.time = take<TimeUs>(at);
    point.value = {take<double>(at), (flags & kSketchInteger) != 0};
  }
  return sketch;
}

}  // namespace muster::store
