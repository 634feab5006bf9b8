#include "process/orphans.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "process/process_table.h"

namespace muster::process {
namespace {

/// The pids of our children, of every thread of ours; nothing where the kernel was built without these files (CONFIG_PROC_CHILDREN).
std::optional<std::vector<pid_t>> listed_children() {
  std::vector<pid_t> children;
  std::error_code error;
  std::filesystem::directory_iterator thread("/proc/self/task", error);
  for (; !error && thread != std::filesystem::directory_iterator(); thread.increment(error)) {
    const auto list = read_file(thread->path() / "children");
    if (!list) {
      if (std::filesystem::exists(thread->path(), error)) return std::nullopt;
      continue;  // a thread that has just ended
    }
    for (const std::string_view word : split(*list, ' ')) {
      std::int64_t pid = 0;
      if (parse_int64(word, pid)) children.push_back(static_cast<pid_t>(pid));
    }
  }
  return error ? std::nullopt : std::optional(std::move(children));
}

std::vector<pid_t> children() {
  if (auto listed = listed_children()) return *std::move(listed);
  std::vector<pid_t> found;
  const pid_t self = ::getpid();
  for (const ProcessFacts& one : read_processes(Environments::left_out)) {
    if (one.parent == self) found.push_back(one.pid);
  }
  return found;
}

}  // namespace

Result<void> adopt_orphans() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return {};
  return tl::unexpected(system_error("adopt processes that lose their parent", errno));
}

void reap_orphans() {
  // All processes are not looked at: on a large machine that costs more than a short run does.
  const std::vector<pid_t> ours = children();
  spawned_children().with([&](const std::set<pid_t>& spawned) {
    for (const pid_t pid : ours) {
      if (!spawned.contains(pid)) ::waitpid(pid, nullptr, WNOHANG);
    }
  });
}

Guarded<std::set<pid_t>>& spawned_children() {
  static Guarded<std::set<pid_t>> children;
  return children;
}

}  // namespace muster::process
