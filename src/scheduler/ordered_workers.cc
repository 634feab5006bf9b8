#include "scheduler/ordered_workers.h"

#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/log.h"

namespace muster::scheduler {

struct OrderedWorkers::Inside : std::enable_shared_from_this<Inside> {
  struct Line {
    std::deque<std::function<void()>> tasks;
    bool is_taken = false;  ///< in `ready`, or a thread is at its first task
  };
  struct Worker {
    std::thread thread;
    bool has_ended = false;
  };

  std::mutex mutex;
  std::condition_variable changed;
  MakeThread make_thread;
  std::size_t most = 1;
  std::map<std::string, Line> lines;
  std::deque<std::string> ready;  ///< keys whose next task may begin
  std::list<Worker> workers;
  std::size_t idle = 0;
  bool is_short = false;  ///< of threads
  bool stopping = false;

  /// Under the mutex.
  void add_worker() {
    Worker& worker = workers.emplace_back();
    try {
      worker.thread = make_thread([self = shared_from_this(), &worker] { self->loop(worker); });
    } catch (...) {
      workers.pop_back();
      throw;
    }
  }

  /// Under the mutex: a thread for what is ready, if there is to be one more.
  void grow() {
    if (stopping || ready.size() <= idle || workers.size() >= most) return;
    try {
      add_worker();
      is_short = false;
    } catch (const std::system_error& none) {
      if (std::exchange(is_short, true)) return;  // said once
      log::warning("scheduler", "no thread for more work at once: {}; it waits for {} others", none.what(), workers.size());
    }
  }

  void loop(Worker& worker) {
    std::unique_lock lock(mutex);
    while (!stopping) {
      ++idle;
      changed.wait(lock, [&] { return stopping || !ready.empty(); });
      --idle;
      if (stopping) break;
      const std::string key = std::move(ready.front());
      ready.pop_front();
      grow();
      Line& line = lines.at(key);
      std::function<void()> task = std::move(line.tasks.front());
      line.tasks.pop_front();
      lock.unlock();
      carry_out(task);
      task = nullptr;  // what it holds may end with it, and not under the lock
      lock.lock();
      if (stopping) break;  // the lines are gone
      if (line.tasks.empty())
        lines.erase(key);
      else
        ready.push_back(key);
    }
    worker.has_ended = true;
    changed.notify_all();
  }

  static void carry_out(const std::function<void()>& task) {
    try {
      task();
    } catch (const std::exception& error) {
      log::error("scheduler", "a task failed: {}", error.what());
    } catch (...) {
      log::error("scheduler", "a task failed with an exception of no known kind");
    }
  }
};

OrderedWorkers::OrderedWorkers(int most, MakeThread make_thread) : inside_(std::make_shared<Inside>()) {
  inside_->make_thread = std::move(make_thread);
  inside_->most = static_cast<std::size_t>(most);
  const std::lock_guard lock(inside_->mutex);
  inside_->add_worker();
}

OrderedWorkers::~OrderedWorkers() { stop(std::chrono::hours(1)); }

void OrderedWorkers::post(const std::string& key, std::function<void()> task) {
  const std::lock_guard lock(inside_->mutex);
  if (inside_->stopping) return;
  Inside::Line& line = inside_->lines[key];
  line.tasks.push_back(std::move(task));
  if (std::exchange(line.is_taken, true)) return;
  inside_->ready.push_back(key);
  inside_->grow();
  inside_->changed.notify_one();
}

bool OrderedWorkers::stop(std::chrono::milliseconds patience) {
  std::map<std::string, Inside::Line> dropped;  // what their tasks hold ends after the lock
  std::unique_lock lock(inside_->mutex);
  inside_->stopping = true;
  inside_->changed.notify_all();
  dropped.swap(inside_->lines);
  const auto all_ended = [&] {
    for (const Inside::Worker& worker : inside_->workers) {
      if (worker.thread.joinable() && !worker.has_ended) return false;
    }
    return true;
  };
  const bool ended = inside_->changed.wait_for(lock, patience, all_ended);
  for (Inside::Worker& worker : inside_->workers) {
    if (!worker.thread.joinable()) continue;
    if (worker.has_ended) {
      lock.unlock();
      worker.thread.join();
      lock.lock();
    } else {
      worker.thread.detach();
    }
  }
  return ended;
}

}  // namespace muster::scheduler
