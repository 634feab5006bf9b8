#pragma once
// Waiting for what another thread or process does, with a deadline.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace muster::test {

/// A value that threads change and wait for.
template <typename T>
class Watched {
 public:
  explicit Watched(T value = T()) : value_(std::move(value)) {}

  template <typename F>
  void change(F&& change) {
    {
      const std::lock_guard lock(mutex_);
      change(value_);
    }
    changed_.notify_all();
  }
  void set(T value) {
    change([&](T& now) { now = std::move(value); });
  }
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  /// False when `holds(value)` was not so within the deadline.
  template <typename F>
  bool wait(F&& holds, std::chrono::milliseconds deadline = std::chrono::seconds(20)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, deadline, [&] { return holds(value_); });
  }
  bool wait_for(const T& value) {
    return wait([&](const T& now) { return now == value; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  T value_;
};

/// For what nobody tells of: true once `wanted` holds; false when it has not within the time.
inline bool eventually(const std::function<bool()>& wanted, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!wanted()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace muster::test
