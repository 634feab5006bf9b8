#pragma once
// The raw bytes of one log, as they come.

#include <memory>

#include "api/services.h"
#include "store/runs.h"

namespace muster::api {

/// From `offset` on, at most `limit` bytes, until the log is complete. `services` must outlive the source.
std::unique_ptr<http::StreamSource> log_follower(Services& services, const store::runs::Brief& run, store::LogId id, std::uint64_t offset,
                                                 std::uint64_t limit);

}  // namespace muster::api
