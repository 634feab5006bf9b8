#pragma once
// The nodes of each attempt of a run.

#include <vector>

#include "model/run.h"
#include "store/session.h"

namespace muster::store::run_nodes {

/// Writes one node as it is now (update_state of runs.h writes all of a run's).
void put(Session& session, std::int64_t run_key, int attempt, const model::RunNode& node);
/// Only the time of its last heartbeat; does not raise the run's revision.
void set_heartbeat(Session& session, std::int64_t run_key, int attempt, int node_rank, TimeUs at);
/// By node rank.
std::vector<model::RunNode> list(Session& session, std::int64_t run_key, int attempt);

}  // namespace muster::store::run_nodes
