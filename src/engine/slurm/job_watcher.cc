#include "engine/slurm/job_watcher.h"

#include <algorithm>

#include "base/log.h"

namespace muster::engine::slurm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// How often Slurm is asked: soon after something was asked of it, then ever less.
constexpr auto kShortestWait = 100ms;
constexpr auto kLongestWait = 2000ms;
/// For how long it is known where the nodes of a job were: another runner may be sent there.
constexpr auto kMemory = 1h;

template <typename... F>
struct Cases : F... {
  using F::operator()...;
};
template <typename... F>
Cases(F...) -> Cases<F...>;

}  // namespace

JobWatcher::JobWatcher(Commands& commands, Listener listener)
    : commands_(commands), listener_(std::move(listener)), thread_([this] { loop(); }) {}

JobWatcher::~JobWatcher() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void JobWatcher::watch(std::int64_t job, Watched watched) {
  const std::lock_guard lock(mutex_);
  watched.is_killed = watched.is_killed || killed_.erase(job) > 0;
  watched_.insert_or_assign(job, std::move(watched));
  expects_change_ = true;
  changed_.notify_all();
}

void JobWatcher::watch_and_tell(std::int64_t job, Watched watched) {
  watch(job, std::move(watched));
  const SteadyTime asked_at = steady_clock::now();
  const auto jobs = commands_.jobs();
  std::unique_lock lock(mutex_);
  compare(jobs, asked_at);
  do_wanted(lock);
}

void JobWatcher::note_killed(std::int64_t job) {
  const std::lock_guard lock(mutex_);
  const auto at = watched_.find(job);
  if (at != watched_.end())
    at->second.is_killed = true;
  else
    killed_.insert(job);
}

void JobWatcher::expect_change() {
  const std::lock_guard lock(mutex_);
  expects_change_ = true;
  changed_.notify_all();
}

std::string JobWatcher::host_of(const AttemptId& id, const std::string& key) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [job, watched] : watched_) {
    if (watched.id != id) continue;
    const auto at = std::find(watched.keys.begin(), watched.keys.end(), key);
    const auto index = static_cast<std::size_t>(at - watched.keys.begin());
    if (at != watched.keys.end() && index < watched.hosts.size()) return watched.hosts[index];
  }
  return "";
}

TargetStatus JobWatcher::status(const TargetName& target) const {
  const std::lock_guard lock(mutex_);
  TargetStatus status = status_of(watched_, target);
  status.allocation_state_since = allocation_times_.since(target);
  return status;
}

std::chrono::milliseconds JobWatcher::next_wait() {
  wait_ = std::exchange(expects_change_, false) ? kShortestWait : std::min<std::chrono::milliseconds>(wait_ * 3 / 2, kLongestWait);
  return wait_;
}

void JobWatcher::loop() {
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    const bool is_idle = std::all_of(watched_.begin(), watched_.end(), [](const auto& one) { return one.second.has_ended(); });
    if (is_idle) {
      changed_.wait(lock, [&] { return is_ending_ || expects_change_; });
      if (is_ending_) return;
    }
    // Not at once after each of many starts: one list has them all.
    changed_.wait_for(lock, kShortestWait, [&] { return is_ending_; });
    changed_.wait_for(lock, next_wait() - kShortestWait, [&] { return is_ending_ || expects_change_; });
    if (is_ending_) return;
    const SteadyTime asked_at = steady_clock::now();
    lock.unlock();
    const auto jobs = commands_.jobs();
    lock.lock();
    if (is_ending_) return;
    compare(jobs, asked_at);
    do_wanted(lock);
  }
}

void JobWatcher::compare(const Result<std::vector<Job>>& jobs, SteadyTime asked_at) {
  std::map<std::int64_t, const Job*> known;
  if (jobs) {
    for (const Job& job : *jobs) known.emplace(job.id, &job);
  }
  for (auto& [id, watched] : watched_) {
    if (watched.has_ended()) continue;
    if (jobs) {
      const auto at = known.find(id);
      if (watched.since <= asked_at || at != known.end()) compare_one(id, watched, at == known.end() ? nullptr : at->second, asked_at);
      continue;
    }
    // A controller that comes back may have lost what it was told last.
    watched.may_be_held = true;
    if (watched.hosts.empty() && watched.host.empty() && watched.waiting_for != jobs.error().detail) {
      watched.waiting_for = jobs.error().detail;
      watched.is_coming = false;
      listener_.waiting(watched.id, jobs.error().detail);
    }
  }
  allocation_times_.look(watched_, std::chrono::duration_cast<std::chrono::microseconds>(asked_at.time_since_epoch()).count());
  std::erase_if(watched_, [&](const auto& one) { return one.second.has_ended() && asked_at - one.second.since > kMemory; });
}

void JobWatcher::compare_one(std::int64_t id, Watched& watched, const Job* job, SteadyTime now) {
  for (const Telling& telling : look(watched, job, now)) {
    if (std::holds_alternative<EndJob>(telling))
      to_cancel_.push_back(id);
    else if (std::holds_alternative<ReleaseJob>(telling))
      to_release_.push_back(id);
    else
      tell(watched.id, telling);
  }
  // Its memory begins with its end.
  if (watched.has_ended()) watched.since = now;
}

void JobWatcher::tell(const AttemptId& id, const Telling& telling) {
  std::visit(Cases{[&](const Waits& waits) { listener_.waiting(id, waits.reason); }, [&](const Comes&) { listener_.nodes_coming(id); },
                   [&](const IsThere& there) { listener_.nodes_there(id, there.nodes); },
                   [&](const IsGone& gone) { listener_.node_gone(id, gone.key, gone.how); }, [](const auto&) {}},
             telling);
}

/// Without the lock, which must not be held while Slurm is asked.
void JobWatcher::do_wanted(std::unique_lock<std::mutex>& lock) {
  const auto to_cancel = std::exchange(to_cancel_, {});
  const auto to_release = std::exchange(to_release_, {});
  if (to_cancel.empty() && to_release.empty()) return;
  lock.unlock();
  for (const std::int64_t job : to_cancel) {
    if (const auto done = commands_.cancel(job); !done)
      log::warning("engine", "job {} could not be canceled: {}", job, done.error().detail);
  }
  for (const std::int64_t job : to_release) {
    if (const auto done = commands_.release(job); !done)
      log::warning("engine", "job {} could not be released: {}", job, done.error().detail);
  }
  lock.lock();
  expects_change_ = true;
}

}  // namespace muster::engine::slurm
