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

/// As the API shows a value: numbers as numbers (integers without a fraction), non-finite ones as strings, the rest as the JSON it is.
Json to_json(const MetricValue& value);

}  // namespace muster::model
