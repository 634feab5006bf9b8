#pragma once
// The snapshot that a request names.

#include <string>

#include "api/call.h"
#include "model/snapshot.h"

namespace muster::api {

/// With its files, from the workspace that the path names; not_found when it has none of that id. Decodes the manifest.
Result<model::Snapshot> snapshot_of(const Call& call, const std::string& snapshot_id);

}  // namespace muster::api
