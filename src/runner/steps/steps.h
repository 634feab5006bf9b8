#pragma once
// The steps of a node's run, each in its own file; runner.cc calls them in order. All run on the main thread.

#include <filesystem>

#include "base/result.h"
#include "runner/node_run.h"

namespace muster::runner::steps {

/// Where a node keeps the environments that it has prepared itself.
inline std::filesystem::path environments_of(const std::filesystem::path& scratch) { return scratch / "environments"; }

/// Tells the server who we are until it gives the work order; heartbeats begin. Fails when it does not want this node (any more).
Result<void> check_in(NodeRun& run);

// Preparing: a failure is why the ranks could not be started; a stop asked for ends it.
/// An empty run folder, then the snapshot in it.
Result<void> fetch_snapshot(NodeRun& run);
/// The files of the run's inputs, each in a folder of its own; those of a mount are read-only.
Result<void> fetch_inputs(NodeRun& run);
/// What earlier attempts left in outputs/, when the work order asks for it.
Result<void> restore_outputs(NodeRun& run);
/// Where the server could not prepare it, since its disk is not this node's: below the node's scratch folder, kept for later runs.
Result<void> prepare_environment(NodeRun& run);
/// All of this node's ranks or none.
Result<void> start_ranks(NodeRun& run);

/// Instead of preparing, after another runner was killed here: ends what it started, and finds out what there is to tell.
Result<void> take_over(NodeRun& run);

// Concluding: whatever became of the ranks.
/// Until all ranks of this node have ended, by themselves or because they were made to.
Result<void> follow(NodeRun& run);
/// Of an MPI run whose ranks have succeeded here: until those of the other nodes have ended too, and mpirun with them.
Result<void> await_mpirun(NodeRun& run);
/// Until nothing of this node's runs; then the server is told (without waiting for it).
Result<void> end_leftovers(NodeRun& run);
/// Until the server has every line and every point.
Result<void> drain(NodeRun& run);
/// outputs/, all that can be kept of it.
Result<void> collect_outputs(NodeRun& run);
/// What is in the folders of uploads, into their datastores; of a first node that succeeded the datasets that are to be registered of it.
Result<void> collect_data(NodeRun& run);
/// Reports the node as done. Afterwards the run folder is removed (unless MUSTER_KEEP_RUN_FOLDERS=1, or the server had no room for all of
/// it in time).
Result<void> report_done(NodeRun& run);

}  // namespace muster::runner::steps
