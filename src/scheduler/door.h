#pragma once
// For what threads that are left to themselves may use no longer.

#include <mutex>
#include <shared_mutex>

namespace muster::scheduler {

/// Lets calls through until it is closed, and is then sure that none is inside.
class Door {
 public:
  /// False: it is closed, and `call` was not made.
  template <typename Call>
  bool pass(Call&& call) {
    const std::shared_lock lock(mutex_);
    if (is_closed_) return false;
    call();
    return true;
  }
  void close() {
    const std::unique_lock lock(mutex_);
    is_closed_ = true;
  }

 private:
  std::shared_mutex mutex_;
  bool is_closed_ = false;
};

}  // namespace muster::scheduler
