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

/// What a statement asks for to read() a node from its row, as the first columns.
inline constexpr std::string_view kColumns =
    "node_rank, host, address, port, status, runner_pid, last_heartbeat_at, salvages, reports, gpus, node_key, gone";
inline constexpr int kColumnCount = 12;
model::RunNode read(const Row& row);

}  // namespace muster::store::run_nodes
