#pragma once
// One runner on this machine, as the handle remembers it.

#include <vector>

#include "base/fd.h"
#include "base/json.h"
#include "base/result.h"
#include "process/group.h"

namespace muster::engine {

struct LocalNode {
  std::string key;
  pid_t pid = 0;
  std::int64_t start_time = 0;  ///< tells it from a later process of the same pid
  process::ProcessGroup group;  ///< what its runner starts
  std::string log;              ///< its runner's own
};

Json to_json(const std::vector<LocalNode>& nodes);
/// malformed when it is no handle of the local engine.
Result<std::vector<LocalNode>> local_nodes_from_json(const Json& handle);

/// The very process that the handle means, held by pidfd; not_found when it is gone.
Result<Fd> hold(const LocalNode& node);

}  // namespace muster::engine
