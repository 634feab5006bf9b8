#include "process/marker.h"

#include <filesystem>

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

std::vector<pid_t> marked_processes(const std::string& name) {
  const std::string assignment = fmt::format("{}={}", kGroupVariable, name);
  std::vector<pid_t> pids;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    std::int64_t pid = 0;
    if (!parse_int64(entry.path().filename().native(), pid)) continue;
    // Not ours to read, or gone meanwhile: not a member. A zombie's is empty.
    const auto environ = read_file(entry.path() / "environ", 32 << 20);
    if (environ && environment_holds(*environ, assignment)) pids.push_back(static_cast<pid_t>(pid));
  }
  return pids;
}

}  // namespace muster::process
