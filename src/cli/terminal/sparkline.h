#pragma once
// A curve in one line of text. Pure.

#include <cstddef>
#include <string>
#include <vector>

namespace muster::cli {

/// "▁▃▅▇": at most `width` characters, several values to each when there are more (their mean). Values that are not finite leave a gap.
std::string sparkline(const std::vector<double>& values, std::size_t width);

}  // namespace muster::cli
