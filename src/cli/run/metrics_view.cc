#include "cli/run/metrics_view.h"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

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

std::string metrics_text(const Json& curves, std::size_t width, const Style& style) {
  Table table({{"METRIC", Column::Align::left, Column::Give::width},
               {"LAST", Column::Align::right, Column::Give::width},
               {"LEAST", Column::Align::right, Column::Give::all},
               {"GREATEST", Column::Align::right, Column::Give::all},
               {"POINTS", Column::Align::right, Column::Give::all},
               {"CURVE", Column::Align::left, Column::Give::all}});
  // Of what nodes were measured at there are nodes in the place of ranks.
  const bool of_nodes = !curves.empty() && curves.front().contains("node_rank");
  const char* const whose = of_nodes ? "node_rank" : "rank";
  const bool several = std::any_of(curves.begin(), curves.end(),
                                   [&](const Json& curve) { return number_at(curve, whose) != number_at(curves.front(), whose); });
  const auto bound = [](const Json& curve, const char* name) {
    const Json& value = member(curve, name);
    return value.is_null() ? "" : value_text(value);
  };
  for (const Json& curve : curves) {
    const Json& points = member(curve, "points");
    const std::string name = text_at(curve, "name");
    table.add({{several ? fmt::format("{} [{} {}]", name, of_nodes ? "node" : "rank", number_at(curve, whose)) : name},
               {value_text(member(member(curve, "last"), "value")), Tone::strong},
               {bound(curve, "min")},
               {bound(curve, "max")},
               {std::to_string(number_at(curve, "count"))},
               {points.is_array() && points.size() > 1 ? sparkline(numbers(points), kCurve) : "", Tone::active}});
  }
  return table.empty() ? "" : table.render(width, style);
}

}  // namespace muster::cli
