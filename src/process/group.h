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
#include "process/cgroup.h"
#include "process/process_table.h"

namespace muster::process {

/// What tells a group's processes apart first of all. Whoever finds a group again must know its kind.
enum class GroupKind {
  cgroup,     ///< a cgroup of its own
  marker,     ///< MUSTER_GROUP, where no cgroup can be made
  container,  ///< beside these, containers that a runtime of its own (podman, docker) started for it
};
std::string_view to_string(GroupKind kind);

/// How long all processes of a group may take to be gone once they are killed.
inline constexpr std::chrono::seconds kKillDeadline{10};

/// Its processes are found by all that can tell them, so that one that hides from some is found by the others:
///  - a cgroup of its own, where one can be made (v2, pure or hybrid, ended by cgroup.kill where the kernel has it; else the v1 memory
///    hierarchy's)
///  - MUSTER_GROUP=<name> in their environment, as it was at their exec or as they have rewritten it
///  - the sessions of its leaders: the processes that were started first
///  - adopted orphans, in the process that calls adopt()
///  - its containers' ids in the names of their cgroups: such processes are children of the runtime, and know no environment of ours
///  - and everything that these have started.
/// Memory: kills for want of it are those that the group's own cgroup counts (v1, or v2 with the memory controller), and no others'.
/// Not thread-safe.
class ProcessGroup {
 public:
  /// `name` is unique on this machine, e.g. "<run_id>-1-0"; letters, digits, '-', '_' and '.', at most 400. Made already: taken over.
  static Result<ProcessGroup> create(const std::string& name, const CgroupPlaces& places = own_cgroups());
  /// The group that create(name) makes, or has made, in a process that shares our cgroup; makes nothing. For whoever starts the process
  /// that will create it, and must be able to end it whatever happens.
  static ProcessGroup planned(const std::string& name, const CgroupPlaces& places = own_cgroups());
  /// Finds again what to_json() remembered, whoever made it; malformed when it is not such a thing.
  static Result<ProcessGroup> reopen(const Json& state);
  Json to_json() const;

  const std::string& name() const { return name_; }
  GroupKind kind() const;
  /// For SpawnOptions::cgroups.
  std::vector<std::filesystem::path> cgroups() const;
  /// To be added to the environment of every process.
  std::map<std::string, std::string> variables() const;

  /// A process that was just started as a member: it is the group's from now on, with its session, whatever becomes of its environment.
  void add_leader(pid_t pid);
  /// All processes of the container with this id (64 hexadecimal digits, as runtimes give them out) are the group's, those that begin later
  /// too. invalid for another id.
  Result<void> add_container(const std::string& id);
  /// Orphans that this process adopts (orphans.h) are the group's.
  void adopt() { adopts_ = true; }

  /// Pids alive now.
  std::vector<pid_t> members() const;
  /// Whether all are gone. Quick while there are any in the cgroup.
  bool is_empty() const;
  /// How many processes the kernel killed for want of memory so far; nothing when this machine cannot say.
  std::optional<std::int64_t> out_of_memory_kills() const;
  /// Never reaches a process that was given the pid of a member that has gone.
  void signal_all(int signal) const;
  /// SIGKILL to all, again until none is left. timeout names those that would not die, and why ("123 python (state D)").
  Result<void> kill(std::chrono::milliseconds at_most) const;
  /// Removes the cgroup folders; call when empty. Blocks for at most half a second, while the kernel is at it. The destructor does not.
  void remove();

 private:
  ProcessGroup() = default;
  bool has_cgroup() const;
  std::optional<std::int64_t> kills_counted() const;
  std::vector<ProcessFacts> find() const;
  /// Those that may not be signalled.
  std::vector<pid_t> signal_these(const std::vector<ProcessFacts>& members, int signal) const;

  std::string name_;
  std::filesystem::path cgroup_;         ///< its own; may be absent from the disk
  std::filesystem::path memory_cgroup_;  ///< its own in v1; may be absent
  std::int64_t counted_before_ = 0;      ///< kills for want of memory counted there before this group was
  std::vector<Leader> leaders_;
  std::vector<std::string> containers_;  ///< ids
  bool adopts_ = false;
};

}  // namespace muster::process
