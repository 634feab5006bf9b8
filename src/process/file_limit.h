#pragma once
// How many files and connections this process may have open. Soft limits are low for programs that use select(2); ours do not, the jobs
// they start may.

#include <sys/resource.h>

#include <cstdint>
#include <optional>

namespace muster::process {

/// Raises the soft limit of open descriptors to the hard one (at most about a million). What spawn() starts has the limit that was there
/// before. Returns the limit that holds now. Call it before there are other threads.
std::uint64_t raise_file_limit();

/// The limit for what spawn() starts; nothing when ours was not raised.
std::optional<rlimit> file_limit_of_children();

}  // namespace muster::process
