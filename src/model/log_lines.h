#pragma once
// A log's tail as lines, each with what a launcher put in front of it taken off.

#include <string>
#include <string_view>
#include <vector>

namespace muster::model {

struct LogLine {
  std::string_view prefix;  ///< "[rank0]:", "[1,3]<stderr>:" or ""; lines of one process have the same
  std::string_view text;    ///< the rest; of what a progress bar overwrote with '\r' only the last
};

/// The lines' views point into `tail`.
std::vector<LogLine> split_log(std::string_view tail);

/// The last lines that say something, for people: at most ten, 4 KiB in all, long ones cut; UTF-8 without control characters, escape
/// sequences and overrides of the writing direction; launchers' prefixes taken off. "" when there are none. Pure; `tail` may start
/// anywhere.
std::string last_lines(std::string_view tail);

}  // namespace muster::model
