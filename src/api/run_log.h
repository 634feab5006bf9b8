#pragma once
// The log that a request names.

#include <cstdint>
#include <optional>
#include <string>

#include "api/call.h"
#include "store/log_store.h"

namespace muster::api {

/// The run's log of that path; of several nodes' the lowest node rank's. not_found lists what there is. Blocks on the disk.
Result<store::LogInfo> run_log(const Call& call, const store::runs::Brief& run, const std::string& path, int attempt,
                               std::optional<std::int64_t> node_rank);

}  // namespace muster::api
