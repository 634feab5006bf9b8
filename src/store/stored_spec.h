#pragma once
// A run's specification and an environment's definition as JSON in the database. Not the API's form: what is stored has to be readable for
// ever, so it is never validated again, and what is missing keeps its default.

#include <string>
#include <string_view>

#include "model/environment.h"
#include "model/run.h"

namespace muster::store {

/// Without what has columns or rows of its own: experiment, display name, compute target, snapshot, parent, tags and properties.
std::string to_stored(const model::RunSpec& spec);
/// Throws StoreFailure when it is not ours.
model::RunSpec spec_from_stored(std::string_view text);

std::string to_stored(const model::EnvironmentDefinition& environment);
model::EnvironmentDefinition environment_from_stored(std::string_view text);

/// Reads JSON that we wrote. Throws StoreFailure.
Json json_from_stored(std::string_view text);

}  // namespace muster::store
