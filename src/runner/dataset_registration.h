#pragma once
// Registers a dataset of what an upload brought, as the SDK does (python/muster/dataset.py): a file a version, never written twice.

#include <filesystem>

#include "base/result.h"
#include "client/server_api.h"
#include "model/run_input.h"

namespace muster::runner {

/// A version more, unless the newest one is of the same place. `scratch`: a folder for a small file. May be called again.
Result<void> register_dataset(client::Api& api, const model::RunInput& upload, const std::filesystem::path& scratch);

}  // namespace muster::runner
