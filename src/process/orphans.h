#pragma once
// Processes that lose their parent: kept within reach of this one.

#include <sys/types.h>

#include <set>

#include "base/guarded.h"
#include "base/result.h"

namespace muster::process {

/// From now on whoever descends from this process, and loses its parent, becomes its child instead of init's, whatever it did to its
/// session, environment and cgroup. For a process that ends when its descendants are to end.
Result<void> adopt_orphans();

/// Reaps the adopted that have ended, and none that spawn() started. To be called on SIGCHLD. Thread-safe.
void reap_orphans();

/// Pids of children that spawn() started and whose end is still to be read, in this process. spawn() holds it until its child is among
/// them.
Guarded<std::set<pid_t>>& spawned_children();

}  // namespace muster::process
