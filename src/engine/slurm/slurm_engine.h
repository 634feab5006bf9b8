#pragma once
// Nodes are allocated by Slurm: an attempt is one job.

#include <memory>

#include "engine/registry.h"

namespace muster::engine {

/// Watches its jobs by one squeue for all of them, on a thread of its own, as long as there are any. The handle holds the id of the job;
/// what is remembered of it besides is what Slurm remembers. Runners get the variables of their job beside their attempt's.
std::unique_ptr<Engine> make_slurm_engine(Listener listener);

/// The kind "slurm". A target is checked with Slurm itself.
EngineKind slurm_engine();

}  // namespace muster::engine
