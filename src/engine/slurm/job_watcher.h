#pragma once
// One thread that compares Slurm's list of jobs with what is known of those that are watched, and tells the listener.

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "engine/slurm/commands.h"
#include "engine/slurm/target_status.h"
#include "engine/slurm/watch.h"

namespace muster::engine::slurm {

/// Thread-safe. Asks nothing while there is nothing to watch.
class JobWatcher {
 public:
  JobWatcher(Commands& commands, Listener listener);
  ~JobWatcher();  ///< the jobs go on
  JobWatcher(const JobWatcher&) = delete;
  JobWatcher& operator=(const JobWatcher&) = delete;

  void watch(std::int64_t job, Watched watched);
  /// The same, and what stands is told before this returns, unless Slurm does not answer: then it will be.
  void watch_and_tell(std::int64_t job, Watched watched);
  /// The end of the job is our doing. Of one that is not watched yet, it is remembered.
  void note_killed(std::int64_t job);
  /// Something was asked of Slurm: a change is near.
  void expect_change();
  /// The host of a node of an attempt that was told to be there; "" when none was.
  std::string host_of(const AttemptId& id, const std::string& key) const;
  TargetStatus status(const TargetName& target) const;

 private:
  void loop();
  std::chrono::milliseconds next_wait();
  void compare(const Result<std::vector<Job>>& jobs, SteadyTime asked_at);
  void compare_one(std::int64_t id, Watched& watched, const Job* job, SteadyTime now);
  void tell(const AttemptId& id, const Telling& telling);
  void do_wanted(std::unique_lock<std::mutex>& lock);

  Commands& commands_;
  const Listener listener_;
  mutable std::mutex mutex_;  ///< also held while the listener is told: what is told keeps its order
  std::condition_variable changed_;
  std::map<std::int64_t, Watched> watched_;  ///< by job; those that have ended for some time yet
  AllocationTimes allocation_times_;
  std::set<std::int64_t> killed_;  ///< of those that are not watched
  std::vector<std::int64_t> to_cancel_;
  std::vector<std::int64_t> to_release_;
  std::chrono::milliseconds wait_{0};
  bool expects_change_ = false;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace muster::engine::slurm
