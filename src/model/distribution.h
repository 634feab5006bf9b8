#pragma once
// How the ranks of a run start.

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace muster::model {

/// `process_count` is the total over all nodes for pytorch (absent: one a node), `process_count_per_node` is for mpi.
struct Distribution {
  enum class Kind { pytorch, mpi };
  Kind kind = Kind::pytorch;
  std::optional<int> process_count;
  int process_count_per_node = 1;
  std::string backend = "nccl";  ///< "nccl" or "gloo"
};

/// Reads `{"type": "pytorch"|"mpi", …}` for a run of `node_count` nodes (at least 1). invalid with every fault.
Result<Distribution> distribution_from_json(const Json& json, int node_count);
/// null when there is none.
Json to_json(const std::optional<Distribution>& distribution);

}  // namespace muster::model
