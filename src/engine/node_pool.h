#pragma once
// Nodes that an engine has for the scheduler to give out: for machines without a manager of their own. The scheduler's queue says whose
// turn it is; the pool says whether it has the nodes, and which. Times are a monotonic clock's, passed in.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/compute_target.h"

namespace muster::engine {

using TargetName = std::pair<std::string, std::string>;  ///< workspace, name

/// What a target's nodes do now; the numbers that Azure's AmlComputeStatus shows.
struct NodeState {
  std::string node_id;
  std::string state;   ///< "preparing", "running", "idle", "leaving"
  std::string run_id;  ///< "" when none
};
struct TargetStatus {
  std::vector<NodeState> nodes;
  int target_node_count = 0;
  bool resizing = false;
  TimeUs allocation_state_since = 0;
};

/// A node that a run was given.
struct GrantedNode {
  std::string name;  ///< unique in its target: "gpu-cluster-2"
  std::string gpus;  ///< its share of the machine's, as CUDA_VISIBLE_DEVICES names them; "" for none
};

/// Thread-safe; never blocks on anything but its own lock.
class NodePool {
 public:
  virtual ~NodePool() = default;

  /// Takes up a target, new or changed.
  virtual void define(const model::ComputeTarget& target, TimeUs now) = 0;
  virtual void forget(const TargetName& target) = 0;
  /// The most that one run can have there. 0 for an unknown target.
  virtual int most_nodes(const TargetName& target) const = 0;

  struct Request {
    std::string run_id;
    int node_count = 1;
    std::int64_t since = 0;  ///< when it was submitted: who has waited longer goes first where targets share something
  };
  /// All nodes or nothing; they are the run's until released.
  virtual std::optional<std::vector<GrantedNode>> grant(const TargetName& target, const Request& request, TimeUs now) = 0;
  /// The run whose turn it was waits no more.
  virtual void withdraw(const TargetName& target, const std::string& run_id) = 0;
  /// Why the next run of the target has to wait, in words. `others`: how many wait beside it.
  virtual std::string waiting_words(const TargetName& target, int node_count, std::size_t others) const = 0;
  /// Targets whose next run waits for something that other targets share, the longest waiting first: worth another grant() after a release.
  virtual std::vector<TargetName> waiting_for_others() const = 0;

  /// After a restart: the run's nodes are taken.
  virtual void adopt(const TargetName& target, const std::string& run_id, const std::vector<GrantedNode>& nodes, TimeUs now) = 0;
  virtual void heard_from(const TargetName& target, const std::string& node, TimeUs now) = 0;
  virtual void release(const TargetName& target, const std::string& run_id, TimeUs now) = 0;

  struct Tick {
    std::optional<TimeUs> next = {};       ///< when to call again
    std::vector<TargetName> changed = {};  ///< whose nodes have changed: a waiting run may fit now
  };
  /// Lets idle nodes go.
  virtual Tick tick(TimeUs now) = 0;
};

}  // namespace muster::engine
