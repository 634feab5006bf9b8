#pragma once
// Every compute target with its nodes and its queue, as they are now. The definitions are the store's; nodes and queues live here and are
// found again from the runs when the server starts. Times are a monotonic clock's. Thread-safe; never blocks on anything but its own lock.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "model/compute_target.h"
#include "model/run.h"
#include "scheduler/gpu_ledger.h"
#include "scheduler/run_queue.h"
#include "scheduler/scheduler.h"
#include "scheduler/target_nodes.h"

namespace muster::scheduler {

using TargetName = std::pair<std::string, std::string>;  ///< workspace, name

inline TargetName target_of(const model::Run& run) { return {run.workspace, run.spec.compute_target}; }

class Targets {
 public:
  /// `local_runs_at_once`: capacity of each workspace's `local`. `gpus`: this machine's, which the nodes of the local engine's targets
  /// share.
  explicit Targets(int local_runs_at_once, std::vector<std::string> gpus = {})
      : local_runs_at_once_(local_runs_at_once), gpus_(std::move(gpus)) {}

  /// Takes up a definition, new or changed. The ids of waiting runs that no longer fit into it, or now do: what they wait for has changed.
  /// Those too large for it wait beside the queue, so that the others pass.
  std::vector<std::string> define(const model::ComputeTarget& target, TimeUs now);
  void forget(const TargetName& name);

  void enqueue(const model::Run& run);
  void leave(const model::Run& run);
  /// What a waiting run should show: how many are ahead of it and what it waits for.
  std::string waiting_words(const model::Run& run) const;

  struct Granted {
    std::int64_t run_key = 0;
    std::string run_id;
    std::vector<std::string> node_ids;
    std::vector<std::string> gpus;  ///< of each node, "0,1"; "" for none
  };
  /// The next run that can have its nodes, and their GPUs; they are its from now on. A run that waits for GPUs lets none be given to
  /// younger ones.
  std::optional<Granted> grant_next(const TargetName& name, TimeUs now);
  /// Targets whose next run lacks nothing but GPUs, which runs of other targets have: the longest waiting first.
  std::vector<TargetName> lacking_gpus() const;
  /// After a restart: the run's nodes and GPUs are taken.
  void adopt(const model::Run& run, TimeUs now);
  void heard_from(const model::Run& run, int node_rank, TimeUs now);
  void release(const model::Run& run, TimeUs now);

  struct Tick {
    std::optional<TimeUs> next;       ///< when to call again
    std::vector<TargetName> changed;  ///< targets whose nodes have changed: a waiting run may fit now
  };
  /// Lets idle nodes go.
  Tick tick(TimeUs now);
  TargetStatus status(const TargetName& name) const;
  bool low_priority(const TargetName& name) const;
  std::string engine(const TargetName& name) const;

 private:
  struct Target {
    model::ComputeTarget definition;
    TargetNodes nodes;
    RunQueue queue;
    std::map<std::int64_t, Waiting> too_large = {};  ///< by run key: they ask for more nodes than the target may have
    std::map<std::string, int> places = {};          ///< of `local`'s runs, by id: which of the runs at once each is
    bool lacks_gpus = false;                         ///< the next run could have its nodes, but not their GPUs
  };
  using All = std::map<TargetName, Target>;
  std::optional<std::vector<std::string>> take_gpus(All& targets, Target& target, const Waiting& run,
                                                    const std::vector<std::string>& node_ids);

  int local_runs_at_once_;
  Guarded<All> targets_;
  Guarded<GpuLedger> gpus_;  ///< locked after targets_
};

/// One per GPU, or without GPUs one per two processors (at least one).
int default_local_runs_at_once(int gpus);

}  // namespace muster::scheduler
