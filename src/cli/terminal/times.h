#pragma once
// Times and durations as people read and write them. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace muster::cli {

/// "240 ms", "3.4 s", "12 s", "1 min 12 s", "2 h 3 min", "3 d 4 h". Negative ones (clocks set back) are "0 s".
std::string duration_words(std::int64_t microseconds);

/// "just now", "12 s ago", "3 min ago", "2 h ago", "5 days ago", then the date. A time in the future is "just now".
std::string ago(TimeUs then, TimeUs now);

/// "2026-11-21 03:22:11 UTC"
std::string date_and_time(TimeUs time);

/// "90", "90s", "15m", "2h", "7d", "1h30m": whole seconds, at least `least`. invalid otherwise; `option` names what was read.
Result<std::int64_t> parse_duration(std::string_view text, std::string_view option, std::int64_t least);

}  // namespace muster::cli
