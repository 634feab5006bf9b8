#include "cli/run/metrics_view.h"

#include <cmath>
#include <limits>

#include "cli/fields.h"
#include "cli/terminal/sparkline.h"
#include "cli/terminal/table.h"

namespace muster::cli {
namespace {

constexpr std::size_t kCurve = 24;

/// The numbers of a series, those that travel as strings included; NaN for what is no number.
std::vector<double> numbers(const Json& points) {
  std::vector<double> values;
  for (const Json& point : points) {
    const Json& value = member(point, "value");
    const bool is_text = value.is_string();
    if (value.is_number())
      values.push_back(value.get<double>());
    else if (is_text && value == "Infinity")
      values.push_back(std::numeric_limits<double>::infinity());
    else if (is_text && value == "-Infinity")
      values.push_back(-std::numeric_limits<double>::infinity());
    else
      values.push_back(std::numeric_limits<double>::quiet_NaN());
  }
  return values;
}

}  // namespace

std::string value_text(const Json& value) {
  if (value.is_number_float()) return fmt::format("{:.6g}", value.get<double>());
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_object()) return dump_json(value);
  if (const Json& list = member(value, "list"); list.is_array()) return fmt::format("list of {}", list.size());
  if (const Json& row = member(value, "row"); row.is_object()) return pairs_text(row);
  if (const Json& table = member(value, "table"); table.is_object())
    return fmt::format("table of {}", table.empty() || !table.begin()->is_array() ? 0 : table.begin()->size());
  if (const Json& image = member(value, "image"); image.is_string()) return image.get<std::string>();
  return dump_json(value);
}

std::string metrics_text(const Json& metrics, std::size_t width, const Style& style) {
  Table table({{"METRIC", Column::Align::left, Column::Give::width},
               {"LAST", Column::Align::right, Column::Give::width},
               {"LEAST", Column::Align::right, Column::Give::all},
               {"GREATEST", Column::Align::right, Column::Give::all},
               {"POINTS", Column::Align::right, Column::Give::all},
               {"CURVE", Column::Align::left, Column::Give::all}});
  for (const auto& [name, points] : metrics.items()) {
    if (!points.is_array() || points.empty()) continue;
    const std::vector<double> values = numbers(points);
    double least = std::numeric_limits<double>::infinity();
    double greatest = -least;
    for (const double value : values) {
      if (std::isnan(value)) continue;
      least = std::min(least, value);
      greatest = std::max(greatest, value);
    }
    const bool any = least <= greatest;
    table.add({{name},
               {value_text(member(points.back(), "value")), Tone::strong},
               {any ? value_text(number_to_json(least)) : ""},
               {any ? value_text(number_to_json(greatest)) : ""},
               {std::to_string(points.size())},
               {any && values.size() > 1 ? sparkline(values, kCurve) : "", Tone::active}});
  }
  return table.empty() ? "" : table.render(width, style);
}

}  // namespace muster::cli
