#pragma once
// What a runner is told once all nodes are in (docs/rest-api.md, "The runner's protocol"). Pure.

#include <optional>

#include "base/json.h"
#include "environment/prepared.h"
#include "model/run.h"

namespace muster::scheduler {

/// `run` has every node checked in (or `node_rank`'s runner was sent to salvage). `prepared`: nothing when the nodes
/// prepare the environment themselves. `job_token`: what its ranks carry.
Json work_order(const model::Run& run, int node_rank, const std::optional<environment::Prepared>& prepared, const std::string& job_token);

}  // namespace muster::scheduler
