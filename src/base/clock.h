#pragma once
// Time, as a seam: product code takes a Clock, tests advance a FakeClock.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster {

/// A moment on the wall clock, microseconds since 1970 (UTC). 0 means "not yet".
using TimeUs = std::int64_t;

/// All methods may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock; may jump either way. For stamps, never for durations.
  virtual TimeUs now_us() const = 0;
  /// Never goes back. For durations and deadlines.
  virtual std::chrono::steady_clock::time_point steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimeUs now_us() const override;
  std::chrono::steady_clock::time_point steady() const override;
};

/// Stands still until a test moves it; both readings move together.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(TimeUs start_us = 1'700'000'000'000'000) : start_us_(start_us) {}
  TimeUs now_us() const override { return start_us_ + elapsed_us_; }
  std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::time_point(std::chrono::microseconds(elapsed_us_));
  }
  void advance(std::chrono::microseconds by) { elapsed_us_ += by.count(); }

 private:
  TimeUs start_us_;
  std::atomic<std::int64_t> elapsed_us_{0};
};

/// "2026-11-21T03:22:11.123456Z"
std::string to_rfc3339(TimeUs time);

/// Reads RFC 3339 with any offset and 0 to 9 decimals; malformed otherwise.
Result<TimeUs> from_rfc3339(std::string_view text);

}  // namespace muster
