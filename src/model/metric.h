#pragma once
// A metric point.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

/// A number (any double; `integer` remembers that it was logged as one), or any other value as JSON text:
/// a string, boolean, null, big integer, {"list": …}, {"row": …}, {"table": …}, {"image": …}.
struct Number {
  double value = 0;
  bool integer = false;
};
using MetricValue = std::variant<Number, std::string>;

struct MetricPoint {
  TimeUs time = 0;
  std::optional<std::int64_t> step;
  MetricValue value;
};

/// Of a value that is text; 0 of a number.
inline std::size_t text_bytes(const MetricPoint& point) {
  const auto* text = std::get_if<std::string>(&point.value);
  return text == nullptr ? 0 : text->size();
}

/// Characters.
inline constexpr std::size_t kLongestMetricName = 255;
/// Bytes of a value that is text.
inline constexpr std::size_t kLongestMetricValue = 1u << 20;

/// Reads what to_json shows. invalid for an object or a list that is none of the values above, and for one that is too long.
Result<MetricValue> metric_value_from_json(const Json& json);

/// As the API shows a value: numbers as numbers (integers without a fraction), non-finite ones as strings, the rest as the JSON it is.
Json to_json(const MetricValue& value);

}  // namespace muster::model
