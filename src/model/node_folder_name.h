#pragma once
// The name of a node's run folder below its attempt's: another node of the run on the same disk finds it by it.

#include <string>

#include <fmt/format.h>

namespace muster::model {

inline std::string node_folder_name(int node_rank) { return fmt::format("node_{}", node_rank); }

}  // namespace muster::model
