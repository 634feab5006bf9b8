#pragma once
// "Every process of this node of this run", children that daemonised included: the thing that is ended as a whole.

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace muster::process {

/// Three ways, the best one that this machine allows, found at creation:
///  - cgroup: a cgroup v2 folder of its own (pure v2 or hybrid), ended by cgroup.kill
///  - marker: no cgroup can be made; its processes are those whose environment holds MUSTER_GROUP=<name> (read in /proc, so a process that
///    clears its environment escapes; said in words()).
/// A v1 or v2 memory cgroup is used beside it, where one can be made, to tell "out of memory" from other kills.
/// Not thread-safe.
class ProcessGroup {
 public:
  /// `name` is unique on this machine, e.g. "<run_id>-1-0"; letters, digits, '-', '_' and '.'.
  static Result<ProcessGroup> create(const std::string& name);
  /// Finds again what to_json() remembered, whoever made it.
  static Result<ProcessGroup> reopen(const Json& state);
  Json to_json() const;

  /// For SpawnOptions::cgroups.
  std::vector<std::filesystem::path> cgroups() const;
  /// To be added to the environment of every process.
  std::map<std::string, std::string> variables() const;

  /// Pids alive now. Empty when all are gone.
  std::vector<pid_t> members() const;
  /// How many processes the kernel killed for want of memory so far; nothing when this machine cannot say.
  std::optional<std::int64_t> out_of_memory_kills() const;
  void signal_all(int signal) const;
  /// SIGKILL to all, again until none is left. timeout names pids that would not die ("unkillable, in state D").
  Result<void> kill(std::chrono::milliseconds at_most) const;
  /// Removes the cgroup folders; call when empty. The destructor does not.
  void remove();
  /// "own cgroup", or "no cgroup here: found by marker", for the run's record.
  std::string words() const;

 private:
  ProcessGroup() = default;
  std::string name_;
  std::filesystem::path cgroup_;         ///< empty: marker
  std::filesystem::path memory_cgroup_;  ///< empty: none
};

}  // namespace muster::process
