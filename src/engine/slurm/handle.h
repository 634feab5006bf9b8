#pragma once
// Which job a node of an attempt belongs to, as the store keeps it. Pure.

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace muster::engine::slurm {

/// A job, with those of its nodes that are meant.
struct JobNodes {
  std::int64_t job = 0;
  int node_count = 1;  ///< of the whole job
  TargetName target;
  std::string host = {};          ///< not "": a job for this one node, where an earlier one of the attempt was
  std::vector<std::string> keys;  ///< in the order of the job's nodes

  bool is_whole() const { return static_cast<int>(keys.size()) == node_count; }
};

Handle to_handle(const JobNodes& nodes);
/// malformed when it is no handle of this engine.
Result<std::vector<JobNodes>> from_handle(const Handle& handle);

}  // namespace muster::engine::slurm
