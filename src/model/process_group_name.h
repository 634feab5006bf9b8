#pragma once
// The name of the process group that holds a node's processes: the engine ends by it what a runner started.

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace muster::model {

inline std::string process_group_name(std::string_view run_id, int attempt, int node_rank) {
  return fmt::format("{}-{}-{}", run_id, attempt, node_rank);
}

}  // namespace muster::model
