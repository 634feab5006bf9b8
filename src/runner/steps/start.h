#pragma once
// The three ways in which start_ranks() starts what the plan says, once folder, logs and process group are there.

#include <filesystem>

#include "launch/plan.h"
#include "runner/node_run.h"

namespace muster::runner::steps {

/// Each rank a child of ours: all of them or none.
Result<void> start_children(NodeRun& run);

/// Each rank in a container of its own. `home`: where muster-rank and the SDK are kept.
Result<void> start_in_containers(NodeRun& run, const std::filesystem::path& home);

/// Every rank by one mpirun on node 0, once all nodes are ready for it. `input`: what run.plan was made of. `home`: where muster-rank is
/// kept.
Result<void> start_by_mpirun(NodeRun& run, const launch::LaunchInput& input, const std::filesystem::path& home);

/// The folder for Open MPI's sockets and shared memory on this node, in memory where that can be had.
std::filesystem::path mpi_scratch_of(const std::string& group);

}  // namespace muster::runner::steps
