#pragma once
// The nodes of one compute target: which there are, who has them, when idle ones go. Pure: time is passed in. Shows the numbers of Azure's
// AmlComputeStatus. What one run asks or gives back costs its own nodes, not those of the target.
//
//   preparing (granted, its runner not yet heard) → running → idle → leaving (after the idle time) → gone

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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
  /// All or nothing: idle nodes first, then new ones, the lowest numbers of both. What the run would be given now; nothing changes.
  std::optional<std::vector<std::string>> available(int node_count) const;
  /// Gives the run what available() named.
  void grant(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now);
  /// After a restart: these nodes are this run's, whatever the limits say.
  void adopt(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now);
  void heard_from(const std::string& node_id, TimeUs now);
  void release(const std::string& run_id, TimeUs now);

  /// Lets idle nodes go whose time has come; true when something changed. Call at deadline().
  bool tick(TimeUs now);
  /// When tick() has something to do next; nothing when never.
  std::optional<TimeUs> deadline() const;

  std::vector<Node> nodes() const;  ///< by number
  int count(State state) const { return counts_[static_cast<std::size_t>(state)]; }
  int runs() const { return static_cast<int>(runs_.size()); }
  /// Nodes that the target is heading for.
  int target_count() const;
  bool resizing() const { return count(State::preparing) + count(State::leaving) > 0; }
  TimeUs allocation_state_since() const { return allocation_state_since_; }

 private:
  using Key = std::pair<int, std::string>;  ///< number, id
  using Nodes = std::map<Key, Node>;

  std::string id_of(int number) const;
  /// Makes the node if there is none.
  void put(const std::string& node_id, State state, const std::string& run_id, TimeUs now);
  void change(Node& node, State state, const std::string& run_id, TimeUs now);
  void take_out(const Node& node);  ///< of the indexes
  void keep_minimum(TimeUs now);
  void note_allocation(bool was_resizing, TimeUs now);

  std::string target_;
  TargetLimits limits_;
  Nodes nodes_;
  std::array<int, 4> counts_{};                ///< of nodes, by State
  std::set<Key> idle_;                         ///< the idle ones
  std::map<std::string, std::set<Key>> runs_;  ///< each run's
  int all_used_below_ = 0;                     ///< every number below is a node's
  TimeUs allocation_state_since_ = 0;
};

std::string_view to_string(TargetNodes::State state);

/// 3 of "cpu-cluster-3"; -1 when it ends in no number.
int number_of_node(std::string_view node_id);

}  // namespace muster::engine
