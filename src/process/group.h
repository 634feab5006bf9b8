#pragma once
// "Every process of this node of this run", children that daemonised included: the thing that is ended as a whole.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace muster::process {

/// Two ways, the better one that this machine allows, found at creation:
///  - cgroup: a cgroup of its own (v2, pure or hybrid, ended by cgroup.kill where the kernel has it; else the v1 memory hierarchy's)
///  - marker: no cgroup can be made; its processes are those whose environment holds MUSTER_GROUP=<name> (read in /proc, so a process that
///    rewrites its environment escapes; said in words()).
/// Memory: "out of memory" is told from other kills by a v1 memory cgroup of its own, else by the nearest v2 cgroup that counts.
/// Not thread-safe.
class ProcessGroup {
 public:
  /// `name` is unique on this machine, e.g. "<run_id>-1-0"; letters, digits, '-', '_' and '.', at most 400. Made already: taken over.
  static Result<ProcessGroup> create(const std::string& name);
  /// The group that create(name) makes, or has made, in a process that shares our cgroup; makes nothing. For whoever starts the process
  /// that will create it, and must be able to end it whatever happens.
  static ProcessGroup planned(const std::string& name);
  /// Finds again what to_json() remembered, whoever made it; malformed when it is not such a thing.
  static Result<ProcessGroup> reopen(const Json& state);
  Json to_json() const;

  const std::string& name() const { return name_; }
  /// For SpawnOptions::cgroups.
  std::vector<std::filesystem::path> cgroups() const;
  /// To be added to the environment of every process.
  std::map<std::string, std::string> variables() const;

  /// Pids alive now. Empty when all are gone.
  std::vector<pid_t> members() const;
  /// How many processes the kernel killed for want of memory so far; nothing when this machine cannot say.
  std::optional<std::int64_t> out_of_memory_kills() const;
  /// Never reaches a process that was given the pid of a member that has gone.
  void signal_all(int signal) const;
  /// SIGKILL to all, again until none is left. timeout names pids that would not die ("in the kernel, state D").
  Result<void> kill(std::chrono::milliseconds at_most) const;
  /// Removes the cgroup folders; call when empty. Blocks for at most half a second, while the kernel is at it. The destructor does not.
  void remove();
  /// "own cgroup", or "no cgroup here: found by marker", for the run's record.
  std::string words() const;

 private:
  ProcessGroup() = default;
  bool has_cgroup() const;

  std::string name_;
  std::filesystem::path cgroup_;         ///< its own; may be absent from the disk: marker
  std::filesystem::path memory_cgroup_;  ///< its own in v1; may be absent
  std::filesystem::path counting_;       ///< where memory kills are counted, perhaps with those of others; empty: nowhere
  std::int64_t counted_before_ = 0;      ///< kills counted there before this group was
};

}  // namespace muster::process
