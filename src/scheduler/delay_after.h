#pragma once
// When something that the machine had no room for is tried again.

#include <algorithm>
#include <chrono>

namespace muster::scheduler {

/// Longer each time: half a second, one, two … half a minute.
inline std::chrono::milliseconds delay_after(int tries) { return std::chrono::milliseconds(500) * (1 << std::clamp(tries, 0, 6)); }

}  // namespace muster::scheduler
