#pragma once
// The other nodes of the run, as the server knows them.

#include <functional>
#include <string>
#include <vector>

#include "runner/node_run.h"

namespace muster::runner {

/// How far each node is, by node rank: "Starting", "Running", "Finished", "Done", "Lost".
using NodeStatuses = std::vector<std::string>;

/// Asks the server until `reached` is true, however long it is away. False when a stop was asked for first, or `is_over` says so (looked at
/// between two questions, and whenever `wake` becomes readable; -1: none).
bool wait_for_peers(const NodeRun& run, const std::function<bool(const NodeStatuses&)>& reached, const std::function<bool()>& is_over,
                    int wake = -1);

/// Whether every node but `node_rank` has a status among these.
bool all_others(const NodeStatuses& statuses, int node_rank, const std::vector<std::string_view>& among);

}  // namespace muster::runner
