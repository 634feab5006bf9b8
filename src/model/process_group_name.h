#pragma once
// The name of the process group that holds a node's processes: the engine ends by it what a runner started.

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace muster::model {

/// `node_key`: the engine's name for the node (engine/engine.h).
inline std::string process_group_name(std::string_view run_id, int attempt, std::string_view node_key) {
  return fmt::format("{}-{}-{}", run_id, attempt, node_key);
}

}  // namespace muster::model
