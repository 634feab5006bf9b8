#pragma once
// Which of a run's artifacts make up a model that is registered from a path.

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/artifact.h"
#include "model/registered_model.h"
#include "store/session.h"

namespace muster::api {

/// A file gives itself under its base name; a folder (with or without '/' at its end) all that is below it, with paths relative to the
/// folder's parent. invalid, listing what is there, when the run has nothing of that path.
Result<std::vector<model::ModelFile>> files_of_path(store::Session& session, std::int64_t run_key, std::string_view path);

}  // namespace muster::api
