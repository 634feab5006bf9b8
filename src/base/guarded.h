#pragma once
// Data and its lock are one object.

#include <condition_variable>
#include <mutex>
#include <utility>

namespace muster {

/// `Guarded<Queue> queue; queue.with([](Queue& q) { … });` The data can be reached only with the lock held.
template <typename T>
class Guarded {
 public:
  template <typename... Args>
  explicit Guarded(Args&&... args) : data_(std::forward<Args>(args)...) {}

  template <typename F>
  auto with(F&& use) {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(data_);
  }
  template <typename F>
  auto with(F&& use) const {
    const std::lock_guard lock(mutex_);
    return std::forward<F>(use)(data_);
  }

 private:
  mutable std::mutex mutex_;
  T data_;
};

}  // namespace muster
