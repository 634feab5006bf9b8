#pragma once
// The environments of this server apart from runs: built because somebody wants them to be there, listed, and removed when they take too
// much room.

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/own_variables.h"
#include "environment/cache.h"
#include "environment/kept.h"
#include "scheduler/ordered_workers.h"

namespace muster::scheduler {

/// Thread-safe. The destructor ends the builds that it has begun.
class EnvironmentBuilds {
 public:
  /// The hashes of environments in which processes of this server's runs may be.
  using InUse = std::function<Result<std::set<std::string>>()>;
  /// `root`: the folder of the scheduler's cache. What takes more than `most_bytes` is pruned every ten minutes; 0: nothing is.
  /// `variables`: the machine's environment, as builders are to see it.
  EnvironmentBuilds(std::filesystem::path root, std::uint64_t most_bytes, InUse in_use,
                    const std::map<std::string, std::string>& variables = own_variables());
  ~EnvironmentBuilds();
  EnvironmentBuilds(const EnvironmentBuilds&) = delete;
  EnvironmentBuilds& operator=(const EnvironmentBuilds&) = delete;

  struct Seen {
    environment::Plan plan;
    environment::BuildState state;
  };
  /// invalid, not_found: no builder of this machine can make it.
  Result<Seen> look(const model::EnvironmentDefinition& definition);
  /// Has it built unless it is there; one that failed is tried again. Does not wait for it.
  Result<Seen> begin(const model::EnvironmentDefinition& definition);
  /// Of its last build, from that byte on.
  Result<std::string> log(const environment::Plan& plan, std::uint64_t offset, std::size_t most) const;

  struct Listed {
    environment::Kept kept;
    bool in_use = false;
  };
  Result<std::vector<Listed>> list() const;
  /// Removes by the rules; `really` false only says what would go.
  Result<std::vector<environment::Kept>> prune(const environment::PruneRules& rules, bool really);

 private:
  void build(const environment::Plan& plan);
  bool is_stopping() const;
  void keep_within_limit();

  environment::EnvironmentCache cache_;
  const std::uint64_t most_bytes_;
  const InUse in_use_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::set<std::string> under_way_;              ///< hashes
  std::map<std::string, Error> not_remembered_;  ///< why the last build of ours failed, by hash, where the cache does not keep it
  OrderedWorkers workers_;
  std::thread pruning_;
};

}  // namespace muster::scheduler
