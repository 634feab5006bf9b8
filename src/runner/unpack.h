#pragma once
// Tar archives to folders, trusting nothing in them.

#include <cstddef>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace muster::runner {

/// Writes the regular files of a tar archive below `folder`, which is made and should be ours alone; returns how many. Modes become 0755 or
/// 0644. malformed: not a whole archive, or something in it that no snapshot has (a link, a device, a path out of the folder, a file
/// twice); what was written until then stays. disk_full when there is no room. Blocks on the descriptor (a pipe, mostly) and the disk.
Result<std::size_t> unpack_tar(int fd, const std::filesystem::path& folder);
Result<std::size_t> unpack_tar(std::string_view bytes, const std::filesystem::path& folder);

}  // namespace muster::runner
