#pragma once
// What the nodes of a target do, by the jobs that are watched. Pure.

#include <cstdint>
#include <map>

#include "engine/node_pool.h"
#include "engine/slurm/watch.h"

namespace muster::engine::slurm {

/// Nodes of jobs that run or get theirs ready; leaving ones, which their job still has and no runner uses any more; and preempted ones,
/// which Slurm took from a run that has no others yet. Without the time of the last change. What nodes do between jobs is Slurm's own
/// affair: none of these is idle.
TargetStatus status_of(const std::map<std::int64_t, Watched>& jobs, const TargetName& target);

/// Since when the allocation state of each target is what it is, as far as it was looked at.
class AllocationTimes {
 public:
  /// Looks at the targets of all jobs. `now` is a monotonic clock's, as in node_pool.h.
  void look(const std::map<std::int64_t, Watched>& jobs, TimeUs now);
  /// 0 for a target that has had no job.
  TimeUs since(const TargetName& target) const;

 private:
  struct State {
    bool resizing = false;
    TimeUs since = 0;
  };
  std::map<TargetName, State> states_;
};

}  // namespace muster::engine::slurm
