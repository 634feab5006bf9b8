#pragma once
// Every compute target with its queue, as they are now. The definitions are the store's; queues live here and are made anew from the runs
// when the server starts; the nodes are the pool's of the target's engine. A target whose engine grants nodes itself has no queue: its runs
// go to the engine at once. Times are a monotonic clock's. Thread-safe; never blocks on anything but its own lock and the pools'.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "engine/node_pool.h"
#include "model/compute_target.h"
#include "model/run.h"
#include "scheduler/run_queue.h"

namespace muster::scheduler {

using engine::TargetName;

inline TargetName target_of(const model::Run& run) { return {run.workspace, run.spec.compute_target}; }

class Targets {
 public:
  /// nullptr for a kind of engine that grants nodes itself, and for one that there is not. A pool must outlive this.
  using PoolOf = std::function<engine::NodePool*(const std::string& kind)>;
  explicit Targets(PoolOf pool_of) : pool_of_(std::move(pool_of)) {}

  /// Takes up a definition, new or changed. The ids of waiting runs that no longer fit into it, or now do: what they wait for has changed.
  /// Those too large for it wait beside the queue, so that the others pass.
  std::vector<std::string> define(const model::ComputeTarget& target, TimeUs now);
  void forget(const TargetName& name);

  /// False: there is no queue to wait in, the engine grants the nodes itself.
  bool enqueue(const model::Run& run);
  void leave(const model::Run& run);
  /// What a waiting run should show: how many are ahead of it and what it waits for.
  std::string waiting_words(const model::Run& run) const;

  struct Granted {
    std::int64_t run_key = 0;
    std::string run_id;
    std::vector<engine::GrantedNode> nodes;
  };
  /// The next run that can have its nodes; they are its from now on.
  std::optional<Granted> grant_next(const TargetName& name, TimeUs now);
  /// Targets whose next run waits for what runs of other targets have: the longest waiting first.
  std::vector<TargetName> waiting_for_others() const;
  /// After a restart: the run's nodes are taken.
  void adopt(const model::Run& run, TimeUs now);
  void heard_from(const model::Run& run, int node_rank, TimeUs now);
  void release(const model::Run& run, TimeUs now);

  /// Lets idle nodes go.
  engine::NodePool::Tick tick(TimeUs now);
  int queued_runs(const TargetName& name) const;
  /// As it was defined last; nothing when there is none.
  std::optional<model::ComputeTarget> definition(const TargetName& name) const;
  bool low_priority(const TargetName& name) const;
  /// Whether the runs of this target wait in no queue of ours.
  bool engine_grants_nodes(const TargetName& name) const;

 private:
  struct Target {
    model::ComputeTarget definition;
    engine::NodePool* pool = nullptr;
    RunQueue queue = {};
    std::map<std::int64_t, Waiting> too_large = {};  ///< by run key: they ask for more nodes than the target may have
  };
  using All = std::map<TargetName, Target>;
  std::vector<engine::NodePool*> pools() const;

  const PoolOf pool_of_;
  Guarded<All> targets_;  ///< locked before a pool's
};

}  // namespace muster::scheduler
