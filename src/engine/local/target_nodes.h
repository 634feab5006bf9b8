#pragma once
// The nodes of one compute target: which there are, who has them, when idle ones go. Pure: time is passed in. Shows the numbers of Azure's
// AmlComputeStatus.
//
//   preparing (granted, its runner not yet heard) → running → idle → leaving (after the idle time) → gone

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace muster::engine {

struct TargetLimits {
  int min_nodes = 0;
  int max_nodes = 1;
  int runs_at_once = 0;  ///< 0: as many as there are nodes for
  std::chrono::seconds idle_before_scaledown{1800};
};

class TargetNodes {
 public:
  enum class State { preparing, running, idle, leaving };
  struct Node {
    std::string node_id;  ///< "<target>-<number from 0>"
    State state = State::idle;
    std::string run_id;
    TimeUs since = 0;
  };

  TargetNodes(std::string target, TargetLimits limits, TimeUs now);

  void set_limits(TargetLimits limits, TimeUs now);
  const TargetLimits& limits() const { return limits_; }

  /// Nodes that a new run could have now, those still to be created included; 0 while `runs_at_once` is reached.
  int free_nodes() const;
  /// All or nothing: idle nodes first, then new ones.
  std::optional<std::vector<std::string>> grant(const std::string& run_id, int node_count, TimeUs now);
  /// After a restart: these nodes are this run's, whatever the limits say.
  void adopt(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now);
  void heard_from(const std::string& node_id, TimeUs now);
  void release(const std::string& run_id, TimeUs now);

  /// Lets idle nodes go whose time has come; true when something changed. Call at deadline().
  bool tick(TimeUs now);
  /// When tick() has something to do next; nothing when never.
  std::optional<TimeUs> deadline() const;

  const std::vector<Node>& nodes() const { return nodes_; }
  int count(State state) const;
  int runs() const;
  /// Nodes that the target is heading for.
  int target_count() const;
  bool resizing() const { return count(State::preparing) + count(State::leaving) > 0; }
  TimeUs allocation_state_since() const { return allocation_state_since_; }

 private:
  std::string new_node_id() const;
  void keep_minimum(TimeUs now);
  void note_allocation(bool was_resizing, TimeUs now);

  std::string target_;
  TargetLimits limits_;
  std::vector<Node> nodes_;
  TimeUs allocation_state_since_ = 0;
};

std::string_view to_string(TargetNodes::State state);

}  // namespace muster::engine
