#include "process/orphans.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "process/process_table.h"

namespace muster::process {

Result<void> adopt_orphans() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0) return {};
  return tl::unexpected(system_error("adopt processes that lose their parent", errno));
}

void reap_orphans() {
  const pid_t self = ::getpid();
  const auto all = read_processes(Environments::left_out);
  spawned_children().with([&](const std::set<pid_t>& spawned) {
    for (const ProcessFacts& one : all) {
      if (one.parent == self && one.ended && !spawned.contains(one.pid)) ::waitpid(one.pid, nullptr, WNOHANG);
    }
  });
}

Guarded<std::set<pid_t>>& spawned_children() {
  static Guarded<std::set<pid_t>> children;
  return children;
}

}  // namespace muster::process
