#include "scheduler/dispatch_thread.h"

#include <exception>
#include <string>

#include "base/log.h"

namespace muster::scheduler {
namespace {

constexpr std::chrono::milliseconds kAgainAfter{200};

}  // namespace

DispatchThread::DispatchThread() : thread_([this] { loop(); }) {}

void DispatchThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void DispatchThread::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(task)});
  }
  wake_.notify_one();
}

void DispatchThread::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    timers_.emplace(std::chrono::steady_clock::now() + delay, Task{std::move(task)});
  }
  wake_.notify_one();
}

/// The thread outlives whatever a task throws, and what the task was to do is not dropped for it.
void DispatchThread::carry_out(Task task) {
  std::string what;
  try {
    task.run();
    return;
  } catch (const std::exception& error) {
    what = error.what();
  } catch (...) {
    what = "an exception of no known kind";
  }
  const bool again = ++task.tries < kMostTries;
  log::error("scheduler", "a task failed: {}; {}", what,
             again ? "it will be run again" : "it has failed several times and is not run again");
  if (!again) return;
  const std::lock_guard lock(mutex_);
  timers_.emplace(std::chrono::steady_clock::now() + kAgainAfter, std::move(task));
}

void DispatchThread::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
      tasks_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    if (tasks_.empty()) {
      // A deadline even when nothing is due: a lost wake-up costs seconds, not a hang.
      auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      if (!timers_.empty()) until = std::min(until, timers_.begin()->first);
      wake_.wait_until(lock, until);
      continue;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    carry_out(std::move(task));
    lock.lock();
  }
}

}  // namespace muster::scheduler
