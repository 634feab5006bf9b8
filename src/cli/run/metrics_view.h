#pragma once
// A run's metrics as people read them. Pure.

#include <string>

#include "base/json.h"
#include "cli/terminal/style.h"

namespace muster::cli {

/// How many points a curve of metrics_text() can show.
inline constexpr int kCurvePoints = 120;

/// One line a series: its last value, least, greatest, number of points, and its curve; the rank too where there are several. `curves`: the
/// API's, [{"name", "rank", "count", "min", "max", "last", "points"}].
std::string metrics_text(const Json& curves, std::size_t width, const Style& style);

/// A value in few characters: "0.9125", "1.2e-07", "NaN", a table's size.
std::string value_text(const Json& value);

}  // namespace muster::cli
