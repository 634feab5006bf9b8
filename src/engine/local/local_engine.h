#pragma once
// Nodes are processes on this machine.

#include <memory>

#include "engine/local/local_pool.h"
#include "engine/registry.h"

namespace muster::engine {

/// Watches its processes (pidfd) on one thread of its own. The handle holds pid and start time of each runner, so that a reused pid is
/// never taken for ours. Runners get this process's own environment beside their attempt's variables.
std::unique_ptr<Engine> make_local_engine(Listener listener, const LocalOptions& options = {});

/// The kind "local".
EngineKind local_engine(const LocalOptions& options = {});

}  // namespace muster::engine
