#pragma once
// The system's clock, of which a test may set the wall time: as an NTP step does, the monotonic one knows nothing of it.

#include <atomic>

#include "base/clock.h"

namespace muster::test {

class JumpingClock final : public Clock {
 public:
  TimeUs now_us() const override { return system_.now_us() + offset_us_; }
  std::chrono::steady_clock::time_point steady() const override { return system_.steady(); }
  void jump(std::chrono::seconds by) { offset_us_ += std::chrono::microseconds(by).count(); }

 private:
  SystemClock system_;
  std::atomic<std::int64_t> offset_us_{0};
};

}  // namespace muster::test
