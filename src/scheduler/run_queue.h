#pragma once
// The order in which waiting runs of one compute target get their nodes. Pure; every operation is logarithmic in the number of waiting
// runs.
//
// Priority first; among equals fairness between experiments (the one with the fewest runs granted lately goes first), then age. A run gets
// all of its nodes or none. The first in line is never passed by a later one that happens to fit: a large run cannot starve.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace muster::scheduler {

struct Waiting {
  std::int64_t run_key = 0;
  std::string run_id;
  std::string experiment;
  std::int64_t priority = 0;  ///< higher first
  std::int64_t since = 0;     ///< when it was submitted: older first
  int node_count = 1;
};

class RunQueue {
 public:
  RunQueue() = default;
  RunQueue(RunQueue&&) = default;
  RunQueue& operator=(RunQueue&&) = default;

  /// A run that is already waiting is replaced.
  void add(Waiting waiting);
  /// False when it was not waiting.
  bool remove(std::int64_t run_key);

  /// Takes out those that ask for more nodes than this.
  std::vector<Waiting> take_larger_than(int nodes);

  /// The next run, when its nodes fit into `free_nodes`; it leaves the queue and counts for its experiment.
  std::optional<Waiting> take(int free_nodes);
  /// The next run, whether it fits or not; stays.
  const Waiting* first() const;

  std::size_t size() const { return waiting_.size(); }
  /// Nodes that all waiting runs ask for together.
  std::int64_t nodes_wanted() const { return nodes_wanted_; }

 private:
  /// The waiting runs of one experiment at one priority, oldest first.
  using Line = std::map<std::pair<std::int64_t, std::int64_t>, Waiting>;  // (since, key)
  struct Level {
    std::unordered_map<std::string, Line> lines;
    /// (runs granted to the experiment, age of its oldest waiting run, name): the head goes first.
    std::set<std::tuple<std::int64_t, std::int64_t, std::string>> order;
  };
  std::tuple<std::int64_t, std::int64_t, std::string> place(const Level& level, const std::string& experiment) const;

  std::map<std::int64_t, Level, std::greater<>> levels_;      ///< by priority
  std::unordered_map<std::int64_t, const Waiting*> waiting_;  ///< by run key, in their lines
  std::unordered_map<std::string, std::int64_t> granted_;     ///< since the experiment last had nothing waiting
  std::int64_t nodes_wanted_ = 0;
};

}  // namespace muster::scheduler
