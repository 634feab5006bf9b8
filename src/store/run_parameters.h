#pragma once
// A run's parameters: texts, each set once. The number that a text is stands beside it, so that runs can be ordered by it.

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "store/session.h"

namespace muster::store::run_parameters {

std::map<std::string, std::string> read(Session& session, std::int64_t run_key);

/// Sets those that are not there. conflict, naming it, when one is there with another value, and invalid when the run would have more than
/// model::kMostParameters: then nothing may be kept of it (roll back). Says whether anything changed.
Result<bool> set(Session& session, std::int64_t run_key, const std::map<std::string, std::string>& parameters);

}  // namespace muster::store::run_parameters
