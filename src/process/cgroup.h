#pragma once
// Where this process's cgroups lie on this machine: pure v2, hybrid (v1 controllers, v2 beside them), or none that can be seen.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::process {

/// Folders of the cgroups that a process is in. Empty: there is no such hierarchy, or it is not mounted where we can see it.
struct CgroupPlaces {
  std::filesystem::path unified;    ///< v2
  std::filesystem::path memory_v1;  ///< v1 with the memory controller
  bool handed_over = false;         ///< v2: the cgroup above is this account's to divide (systemd's Delegate=)
};

/// From the texts of /proc/PID/cgroup and /proc/PID/mountinfo. Pure.
CgroupPlaces find_cgroups(std::string_view cgroup, std::string_view mountinfo);
/// Those of this process; none with MUSTER_CGROUPS=0 in its environment.
CgroupPlaces own_cgroups();

/// Where v2 cgroups for jobs are made. The kernel gives controllers to no cgroup below one that has processes itself, as our own has; so it
/// is the one above where that was handed over to us. Pure.
std::filesystem::path place_for_groups(const CgroupPlaces& places);
/// Has the cgroups below `folder` count their memory, where the kernel allows it and they do not already.
void count_memory_below(const std::filesystem::path& folder);

/// Pids in the cgroup and those below it.
std::vector<pid_t> cgroup_members(const std::filesystem::path& folder);

/// Makes the folder (fine when it is there) and shows, with a process that enters it, that processes can be put in.
Result<void> make_cgroup(const std::filesystem::path& folder);

/// Kills all in the cgroup and below it, those being forked too; false where the kernel (before 5.14, or v1) cannot.
bool write_cgroup_kill(const std::filesystem::path& folder);

/// Removes the cgroup and those below it; those still in use stay.
void remove_cgroup(const std::filesystem::path& folder);

/// Processes that the kernel killed for want of memory in this cgroup and those below it, v1 or v2; nothing when it does not count them.
std::optional<std::int64_t> oom_kills(const std::filesystem::path& folder);

}  // namespace muster::process
