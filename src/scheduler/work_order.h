#pragma once
// What a runner is told once all nodes are in (docs/rest-api.md, "The runner's protocol"). Pure.

#include "base/json.h"
#include "environment/builder.h"
#include "model/run.h"

namespace muster::scheduler {

/// `run` has every node checked in (or `node_rank`'s runner was sent to salvage).
Json work_order(const model::Run& run, int node_rank, const environment::Prepared& prepared);

}  // namespace muster::scheduler
