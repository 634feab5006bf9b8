#pragma once
// The processes of this machine, and which of them belong to a group.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace muster::process {

/// Marks the processes of a group, in their environment.
inline constexpr std::string_view kGroupVariable = "MUSTER_GROUP";

struct ProcessFacts {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  std::int64_t start_time = 0;  ///< clock ticks since boot
  char state = '?';             ///< as in ps: R, S, D, T, Z …
  bool ended = false;           ///< all its threads have; it waits to be reaped
  std::string name;             ///< at most 15 bytes
  std::string group;            ///< MUSTER_GROUP in its environment at its exec; "": none, or not ours to read
};

/// From the bytes of /proc/PID/stat. Pure.
std::optional<ProcessFacts> facts_from_stat(std::string_view stat);
/// Whether these bytes are of a process whose new memory is there, and its environment not yet. Pure.
bool is_amid_exec(std::string_view stat);
/// The value of MUSTER_GROUP in the bytes of /proc/PID/environ; "" when it is not there. Pure.
std::string group_in_environment(std::string_view environ);

std::optional<ProcessFacts> process_facts(pid_t pid);
enum class Environments { read, left_out };
/// All of them; without their environments `group` stays "". Reads all of /proc: some milliseconds.
std::vector<ProcessFacts> read_processes(Environments environments);

/// Adds the pids of those among `all` whose cgroup is named by one of these containers' ids ("libpod-<id>.scope", "docker/<id>").
void add_container_members(const std::vector<ProcessFacts>& all, const std::vector<std::string>& containers, std::vector<pid_t>& members);

/// One that leads a session, told from a later one of the same pid.
struct Leader {
  pid_t pid = 0;
  std::int64_t start_time = 0;
};

/// What is known of a group.
struct GroupTraits {
  std::string name;
  std::vector<pid_t> in_cgroup;  ///< in the group's own cgroup, or in one of its containers'
  std::vector<Leader> leaders;   ///< its first processes; their sessions are the group's
  pid_t self = 0;                ///< never a member
  bool adopts = false;           ///< whose parent ended becomes a child of `self` (orphans.h)
  std::set<pid_t> own_children;  ///< children of `self` that are not orphans
};

/// The group's living processes among `all`: those in its cgroup, those that carry its mark, its leaders and who is in their sessions,
/// orphans that `self` adopted, and every child of these. One that carries another group's mark is not among them unless it is in the
/// cgroup or a leader. Pure.
std::vector<ProcessFacts> find_members(const std::vector<ProcessFacts>& all, const GroupTraits& group);

}  // namespace muster::process
