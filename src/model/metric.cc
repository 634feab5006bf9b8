#include "model/metric.h"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace muster::model {

namespace {

constexpr double kExact = 9007199254740992.0;  // 2^53: up to here every integer is a double

std::optional<double> non_finite(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

bool is_collection(const Json& json) {
  if (!json.is_object() || json.size() != 1) return false;
  const auto member = json.begin();
  const std::string& key = member.key();
  const Json& inner = *member;
  return (key == "list" && inner.is_array()) || ((key == "row" || key == "table") && inner.is_object()) ||
         (key == "image" && inner.is_string());
}

}  // namespace

Result<MetricValue> metric_value_from_json(const Json& json) {
  if (const auto number = non_finite(json)) return Number{*number, false};
  if (json.is_number_float()) return Number{json.get<double>(), false};
  if (json.is_number() && std::abs(json.get<double>()) < kExact) return Number{json.get<double>(), true};
  if (json.is_structured() && !is_collection(json)) {
    return fail_hint(Code::invalid,
                     "give a number, text, boolean or null, or {\"list\": […]}, {\"row\": {…}}, {\"table\": {…}}, {\"image\": path}",
                     "is no value of a metric");
  }
  std::string text = dump_json(json);
  if (text.size() > kLongestMetricValue)
    return fail(Code::invalid, "takes {} bytes as JSON, and may take {}", text.size(), kLongestMetricValue);
  return text;
}

Json to_json(const MetricValue& value) {
  if (const auto* number = std::get_if<Number>(&value)) {
    if (number->integer && std::abs(number->value) <= kExact) return static_cast<std::int64_t>(number->value);
    return number_to_json(number->value);
  }
  const std::string& text = std::get<std::string>(value);
  // The journal's walker lets nothing but JSON through; should other text get here, showing it as a string loses nothing.
  auto json = parse_json(text);
  return json ? std::move(*json) : Json(text);
}

}  // namespace muster::model
