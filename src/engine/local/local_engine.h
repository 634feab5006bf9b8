#pragma once
// Nodes are processes on this machine.

#include <memory>

#include "engine/engine.h"

namespace muster::engine {

/// Watches its processes (pidfd) on one thread of its own. The handle holds pid and start time of each runner, so that a reused pid is
/// never taken for ours.
std::unique_ptr<Engine> make_local_engine(Listener listener);

}  // namespace muster::engine
