#pragma once
// muster-rank, which this binary carries (cmake/embed.cmake), as a file that mpirun can start.

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace muster::runner {

/// The bytes of the static program muster-rank.
std::string_view embedded_rank_program();

/// `home`/rank/<hash of the bytes>/muster-rank, written by whoever comes first. Blocks on the disk.
Result<std::filesystem::path> unpack_rank_program(const std::filesystem::path& home, std::string_view program = embedded_rank_program());

}  // namespace muster::runner
