#pragma once
// Processes found by a variable in their environment: the way when no cgroup can be made.

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

namespace muster::process {

inline constexpr std::string_view kGroupVariable = "MUSTER_GROUP";

/// Whether the bytes of /proc/PID/environ hold exactly `assignment` ("NAME=value"). Pure.
bool environment_holds(std::string_view environ, std::string_view assignment);

/// Whether these bytes of /proc/PID/stat are of a process whose new memory is there, and its environment not yet. Pure.
bool is_amid_exec(std::string_view stat);

/// Pids of live processes (ours to read) whose environment at exec had MUSTER_GROUP=<name>. Reads all of /proc: some milliseconds.
std::vector<pid_t> marked_processes(const std::string& name);

}  // namespace muster::process
