#pragma once
// What a runner is told once all nodes are in (docs/rest-api.md, "The runner's protocol"). Pure.

#include "base/json.h"
#include "environment/prepared.h"
#include "model/run.h"

namespace muster::scheduler {

/// `run` has every node checked in (or `node_rank`'s runner was sent to salvage). `job_token`: what its ranks carry.
Json work_order(const model::Run& run, int node_rank, const environment::Prepared& prepared, const std::string& job_token);

}  // namespace muster::scheduler
