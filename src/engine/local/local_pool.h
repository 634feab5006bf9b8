#pragma once
// The nodes that compute targets have on this machine, and the machine's GPUs, which they share.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "engine/local/gpu_ledger.h"
#include "engine/local/target_nodes.h"
#include "engine/node_pool.h"

namespace muster::engine {

struct LocalOptions {
  int runs_at_once = 0;           ///< capacity of each workspace's `local`; 0: one per GPU, or without GPUs one per two processors
  std::vector<std::string> gpus;  ///< this machine's, as CUDA_VISIBLE_DEVICES names them: no two runs have the same
};

class LocalPool final : public NodePool {
 public:
  explicit LocalPool(LocalOptions options);

  void define(const model::ComputeTarget& target, TimeUs now) override;
  void forget(const TargetName& target) override;
  int most_nodes(const TargetName& target) const override;
  std::optional<std::vector<GrantedNode>> grant(const TargetName& target, const Request& request, TimeUs now) override;
  void withdraw(const TargetName& target, const std::string& run_id) override;
  std::string waiting_words(const TargetName& target, int node_count, std::size_t others) const override;
  std::vector<TargetName> waiting_for_others() const override;
  void adopt(const TargetName& target, const std::string& run_id, const std::vector<GrantedNode>& nodes, TimeUs now) override;
  void heard_from(const TargetName& target, const std::string& node, TimeUs now) override;
  void release(const TargetName& target, const std::string& run_id, TimeUs now) override;
  Tick tick(TimeUs now) override;

  TargetStatus status(const TargetName& target) const;

 private:
  struct Target {
    TargetNodes nodes;
    std::map<int, std::string> places = {};  ///< of `local`'s runs, which of the runs at once each is
    std::optional<Request> lacks_gpus = {};  ///< the next run, when it could have its nodes but not their GPUs
  };
  struct State {
    std::map<TargetName, Target> targets;
    GpuLedger gpus;
  };
  static std::optional<std::vector<std::string>> take_gpus(State& state, Target& target, const Request& request,
                                                           const std::vector<std::string>& node_ids);

  const int runs_at_once_;
  Guarded<State> state_;
};

/// One per GPU, or without GPUs one per two processors (at least one).
int default_local_runs_at_once(int gpus);

}  // namespace muster::engine
