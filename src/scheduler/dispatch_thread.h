#pragma once
// One thread that carries out what was decided, in order: tasks as they are posted, others at their time.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace muster::scheduler {

/// post() and post_after() may be called from any thread, also from a task. A task that throws is logged and run again, at most kMostTries
/// times.
class DispatchThread {
 public:
  DispatchThread();
  ~DispatchThread() { stop(); }

  /// Returns when the task under way has ended; no other begins, whatever was or will be posted. Not from a task.
  void stop();
  void post(std::function<void()> task);
  void post_after(std::chrono::milliseconds delay, std::function<void()> task);

  static constexpr int kMostTries = 5;

 private:
  struct Task {
    std::function<void()> run;
    int tries = 0;
  };
  void carry_out(Task task);
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> tasks_;
  std::multimap<std::chrono::steady_clock::time_point, Task> timers_;
  bool stopping_ = false;
  std::thread thread_;  ///< last, so that all above is there when it starts
};

}  // namespace muster::scheduler
