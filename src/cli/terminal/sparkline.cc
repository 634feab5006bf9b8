#include "cli/terminal/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace muster::cli {

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  constexpr std::array<std::string_view, 8> kLevels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t columns = std::min(width, values.size());
  std::vector<double> means;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (std::size_t i = 0; i < columns; ++i) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t j = values.size() * i / columns; j < values.size() * (i + 1) / columns; ++j) {
      if (!std::isfinite(values[j])) continue;
      sum += values[j];
      ++count;
    }
    means.push_back(count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count));
    if (count == 0 || !std::isfinite(means.back())) continue;
    low = std::min(low, means.back());
    high = std::max(high, means.back());
  }
  std::string line;
  for (const double mean : means) {
    if (!std::isfinite(mean)) {
      line += ' ';
      continue;
    }
    // Halves first: the difference of two large values of opposite sign does not fit a double.
    const double part = high > low ? (mean / 2 - low / 2) / (high / 2 - low / 2) : 0.5;
    line += kLevels[static_cast<std::size_t>(std::clamp(part * 7.0 + 0.5, 0.0, 7.0))];
  }
  return line;
}

}  // namespace muster::cli
