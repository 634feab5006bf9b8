#pragma once
// Room on the server's disk, asked before bytes are taken and while they come: what fills it to its end, again and again, would have
// everything else fail as well.

#include "api/services.h"

namespace muster::api {

/// disk_full, in words, when so many bytes more would leave less than runs need in order to be told of, and canceled.
Result<void> check_room(const Services& services, std::uint64_t bytes);

/// How much of an upload may come between two looks at the disk: less than what check_room leaves.
inline constexpr std::uint64_t kBytesBetweenLooks = 512u << 10;

}  // namespace muster::api
