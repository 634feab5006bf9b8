#include "model/metric.h"

#include <cmath>

namespace muster::model {

Json to_json(const MetricValue& value) {
  if (const auto* number = std::get_if<Number>(&value)) {
    constexpr double kExact = 9007199254740992.0;  // 2^53: up to here every integer is a double
    if (number->integer && std::abs(number->value) <= kExact) return static_cast<std::int64_t>(number->value);
    return number_to_json(number->value);
  }
  const std::string& text = std::get<std::string>(value);
  // The journal's walker lets nothing but JSON through; should other text get here, showing it as a string loses nothing.
  auto json = parse_json(text);
  return json ? std::move(*json) : Json(text);
}

}  // namespace muster::model
