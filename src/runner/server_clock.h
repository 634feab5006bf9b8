#pragma once
// The server's wall clock, as well as this node can know it.

#include <atomic>
#include <chrono>
#include <cstdlib>

#include "base/clock.h"

namespace muster::runner {

/// Our clock plus the offset that heartbeats measured. Small offsets are noise of the measurement and are left out, so that on one machine
/// times stay as they were written. Thread-safe.
class ServerClock {
 public:
  explicit ServerClock(const Clock& clock) : clock_(clock) {}

  /// A moment of this node (a stamp in a journal, a time read from our clock) on the server's clock.
  TimeUs to_server(TimeUs local) const { return local == 0 ? 0 : local + offset_us_.load(); }
  TimeUs now() const { return to_server(clock_.now_us()); }
  const Clock& local() const { return clock_; }

  /// A call that left and came back at these local times, and what the server's clock showed in between.
  void measured(TimeUs left, TimeUs back, TimeUs server) {
    const TimeUs offset = server - (left + (back - left) / 2);
    const TimeUs noise = kNoiseUs + (back - left) / 2;
    const TimeUs wanted = std::llabs(offset) <= noise ? 0 : offset;
    if (std::llabs(wanted - offset_us_.load()) > noise) offset_us_ = wanted;
  }
  std::int64_t offset_us() const { return offset_us_; }

 private:
  static constexpr TimeUs kNoiseUs = 20'000;
  const Clock& clock_;
  std::atomic<std::int64_t> offset_us_{0};
};

}  // namespace muster::runner
