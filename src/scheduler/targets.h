#pragma once
// Every compute target with its nodes and its queue, as they are now. The definitions are the store's; nodes and queues live here and are found again
// from the runs when the server starts. Thread-safe; never blocks on anything but its own lock.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "model/compute_target.h"
#include "model/run.h"
#include "scheduler/run_queue.h"
#include "scheduler/scheduler.h"
#include "scheduler/target_nodes.h"

namespace muster::scheduler {

using TargetName = std::pair<std::string, std::string>;  ///< workspace, name

inline TargetName target_of(const model::Run& run) { return {run.workspace, run.spec.compute_target}; }

class Targets {
 public:
  /// `local_runs_at_once`: capacity of each workspace's `local`.
  explicit Targets(int local_runs_at_once) : local_runs_at_once_(local_runs_at_once) {}

  /// Takes up a definition, new or changed.
  void define(const model::ComputeTarget& target, TimeUs now);
  void forget(const TargetName& name);

  void enqueue(const model::Run& run);
  void leave(const model::Run& run);
  /// What a waiting run should show: how many are ahead of it and what it waits for.
  std::string waiting_words(const model::Run& run) const;

  struct Granted {
    std::int64_t run_key = 0;
    std::string run_id;
    std::vector<std::string> node_ids;
  };
  /// The next run that can have its nodes; they are its from now on.
  std::optional<Granted> grant_next(const TargetName& name, TimeUs now);
  /// After a restart: the run's nodes are taken.
  void adopt(const model::Run& run, TimeUs now);
  void heard_from(const model::Run& run, int node_rank, TimeUs now);
  void release(const model::Run& run, TimeUs now);

  /// Lets idle nodes go; when to call again.
  std::optional<TimeUs> tick(TimeUs now);
  TargetStatus status(const TargetName& name) const;
  bool low_priority(const TargetName& name) const;
  std::string engine(const TargetName& name) const;

 private:
  struct Target {
    model::ComputeTarget definition;
    TargetNodes nodes;
    RunQueue queue;
  };
  int local_runs_at_once_;
  Guarded<std::map<TargetName, Target>> targets_;
};

/// One per GPU, or without GPUs one per two processors (at least one).
int default_local_runs_at_once();

}  // namespace muster::scheduler
