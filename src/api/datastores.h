#pragma once
// What a run gets of a datastore.

#include <vector>

#include "base/result.h"
#include "model/run_input.h"
#include "model/snapshot.h"
#include "store/session.h"

namespace muster::api {

/// Finds the files of each input as they are now, and notes in it the snapshot that they make; those snapshots, to be written. invalid,
/// with each fault, for an input whose datastore or path has nothing.
Result<std::vector<model::Snapshot>> find_inputs(store::Session& session, std::int64_t workspace_key, model::RunInputs& inputs);

}  // namespace muster::api
