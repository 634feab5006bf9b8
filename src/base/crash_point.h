#pragma once
// Named places at which a test ends this process by SIGKILL: MUSTER_CRASH_AT=server.done.stored, or …:3 for the third time that it is
// reached. A name begins with the program that heeds it, `server.` or `runner.`. Without the variable a point costs one relaxed load.

#include <atomic>
#include <string_view>

namespace muster {

enum class ForChildren { keep, remove };

/// Reads MUSTER_CRASH_AT for the process that is `program`. A value that is heeded here is never passed on to children; one for another
/// program is, unless told to `remove` it. Call once, before there are threads.
void arm_crash_point(std::string_view program, ForChildren others);

namespace detail {
extern std::atomic<bool> crash_point_is_armed;
void crash_if_meant(std::string_view point);
}  // namespace detail

inline void crash_point(std::string_view point) {
  if (detail::crash_point_is_armed.load(std::memory_order_relaxed)) detail::crash_if_meant(point);
}

}  // namespace muster
