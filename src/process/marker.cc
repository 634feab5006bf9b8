#include "process/marker.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace muster::process {

bool environment_holds(std::string_view environ, std::string_view assignment) {
  for (std::size_t at = 0; (at = environ.find(assignment, at)) != std::string_view::npos; ++at) {
    const std::size_t end = at + assignment.size();
    if ((at == 0 || environ[at - 1] == '\0') && (end == environ.size() || environ[end] == '\0')) return true;
  }
  return false;
}

bool is_amid_exec(std::string_view stat) {
  constexpr std::size_t kVirtualSize = 23 - 3;  // proc(5) counts from 1; the state, which follows the name, is the third
  constexpr std::size_t kEnvironmentEnd = 51 - 3;
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return false;
  const auto fields = split(stat.substr(name_end + 2), ' ');
  return fields.size() > kEnvironmentEnd && fields[kVirtualSize] != "0" && fields[kEnvironmentEnd] == "0";
}

namespace {

/// The process's environment. The kernel says that exec has succeeded (it closes what is closed by it) a moment before it says where the
/// environment lies: that moment is waited for.
Result<std::string> environment_of(const std::filesystem::path& process) {
  constexpr int kMostLooks = 50;
  for (int look = 1;; ++look) {
    auto environ = read_file(process / "environ", 32 << 20);
    if (!environ || !environ->empty() || look == kMostLooks) return environ;
    const auto stat = read_file(process / "stat", 1 << 16);
    if (!stat || !is_amid_exec(*stat)) return environ;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

std::vector<pid_t> marked_processes(const std::string& name) {
  const std::string assignment = fmt::format("{}={}", kGroupVariable, name);
  std::vector<pid_t> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::int64_t pid = 0;
    if (!parse_int64(entry.path().filename().native(), pid)) continue;
    // Not ours to read, or gone meanwhile: not a member. A zombie's is empty.
    const auto environ = environment_of(entry.path());
    if (environ && environment_holds(*environ, assignment)) pids.push_back(static_cast<pid_t>(pid));
  }
  return pids;
}

}  // namespace muster::process
