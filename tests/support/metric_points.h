#pragma once
// Metric points for property tests: any, and compared bit for bit.

#include <cstring>
#include <string>
#include <vector>

#include <rapidcheck.h>

#include "model/metric.h"

namespace muster::test {

inline double from_bits(std::uint64_t bits) {
  double value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline rc::Gen<model::MetricValue> any_value() {
  return rc::gen::mapcat(rc::gen::inRange(0, 8), [](int kind) -> rc::Gen<model::MetricValue> {
    if (kind == 0)
      return rc::gen::map(rc::gen::arbitrary<std::string>(), [](std::string text) { return model::MetricValue(std::move(text)); });
    if (kind == 1)
      return rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
        return model::MetricValue(model::Number{from_bits(bits), false});
      });
    return rc::gen::map(rc::gen::arbitrary<int>(), [](int number) {
      return model::MetricValue(model::Number{number / 8.0, number % 8 == 0});
    });
  });
}

inline rc::Gen<model::MetricPoint> any_point() {
  return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<std::int64_t>(), rc::gen::maybe(rc::gen::arbitrary<std::int64_t>()), any_value()),
                      [](const auto& parts) {
                        model::MetricPoint point;
                        point.time = std::get<0>(parts);
                        if (std::get<1>(parts)) point.step = *std::get<1>(parts);
                        point.value = std::get<2>(parts);
                        return point;
                      });
}

inline bool same_value(const model::MetricValue& a, const model::MetricValue& b) {
  const auto* left = std::get_if<model::Number>(&a);
  const auto* right = std::get_if<model::Number>(&b);
  if (left == nullptr || right == nullptr) return left == right && std::get<std::string>(a) == std::get<std::string>(b);
  return left->integer == right->integer && std::memcmp(&left->value, &right->value, sizeof left->value) == 0;
}

inline bool same_points(const std::vector<model::MetricPoint>& a, const std::vector<model::MetricPoint>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].time != b[i].time || a[i].step != b[i].step || !same_value(a[i].value, b[i].value)) return false;
  }
  return true;
}

}  // namespace muster::test
