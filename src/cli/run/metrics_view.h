#pragma once
// A run's metrics as people read them. Pure.

#include <string>

#include "base/json.h"
#include "cli/terminal/style.h"

namespace muster::cli {

/// One line a metric: its last value, least, greatest, number of points, and its curve. `metrics`: {name: [{"value", …}]}.
std::string metrics_text(const Json& metrics, std::size_t width, const Style& style);

/// A value in few characters: "0.9125", "1.2e-07", "NaN", a table's size.
std::string value_text(const Json& value);

}  // namespace muster::cli
