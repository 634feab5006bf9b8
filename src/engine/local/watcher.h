#pragma once
// One thread that notices when processes end.

#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/guarded.h"
#include "base/result.h"
#include "process/spawn.h"

namespace muster::engine {

/// Thread-safe. Reaps those that are our children, so that no zombie stays.
class Watcher {
 public:
  /// Called on the watcher's thread, with how the process ended: nothing of it is known of one that is not our child.
  using Ended = std::function<void(const process::Ended& how)>;

  static Result<std::unique_ptr<Watcher>> create();
  ~Watcher();  ///< joins the thread; the processes go on
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Tells `ended` once the process behind the pidfd has ended, also when it has already.
  void watch(Fd pidfd, Ended ended);
  /// Calls `what` on the watcher's thread.
  void post(std::function<void()> what);

 private:
  struct Watched {
    Fd pidfd;
    Ended ended;
  };
  Watcher(Fd epoll, Fd wake);
  void loop();
  void tell_ended(std::uint64_t key);

  Fd epoll_;
  Fd wake_;
  std::atomic<bool> stopping_{false};
  Guarded<std::map<std::uint64_t, Watched>> watched_;
  Guarded<std::vector<std::function<void()>>> posted_;
  std::atomic<std::uint64_t> next_key_{1};  ///< 0 is the wake descriptor
  std::thread thread_;
};

}  // namespace muster::engine
