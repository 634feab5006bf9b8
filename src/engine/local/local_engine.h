#pragma once
// Nodes are processes on this machine.

#include <memory>

#include "engine/registry.h"

namespace muster::engine {

/// Watches its processes (pidfd) on one thread of its own. The handle holds pid and start time of each runner, so that a reused pid is
/// never taken for ours.
std::unique_ptr<Engine> make_local_engine(Listener listener);

/// The kind "local".
EngineKind local_engine();

}  // namespace muster::engine
