#pragma once
// This program's own copy in the home, from which runners are started: it outlives an upgrade of the program while runs go on.

#include <filesystem>

#include "base/result.h"

namespace muster::server {

/// The copy of `program` below `folder` (MUSTER_HOME/bin/), made if it is not there, and made again if it is not the same byte for byte: a
/// power cut can leave an empty one. Its mode is 0750, whatever became of it. On the disk when this returns. Copies of other builds go when
/// `others_unused`. Blocks on the disk.
Result<std::filesystem::path> keep_runner_binary(const std::filesystem::path& folder, const std::filesystem::path& program,
                                                 bool others_unused);

}  // namespace muster::server
