#pragma once
// A node's run folder as others know it: its name below its attempt's, by which another node of the run on the same disk finds it, and the
// mark that it is to stay.

#include <string>

#include <fmt/format.h>

namespace muster::model {

inline std::string node_folder_name(int node_rank) { return fmt::format("node_{}", node_rank); }

/// In the folder: it is no leftover, and no server that starts removes it.
inline constexpr const char* kKeptMark = ".muster/kept";

}  // namespace muster::model
