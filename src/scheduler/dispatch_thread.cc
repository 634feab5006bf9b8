#include "scheduler/dispatch_thread.h"

namespace muster::scheduler {

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
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
}

void DispatchThread::post_after(std::chrono::milliseconds delay, std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    timers_.emplace(std::chrono::steady_clock::now() + delay, std::move(task));
  }
  wake_.notify_one();
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
    std::function<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
}

}  // namespace muster::scheduler
