#pragma once
// What the builders that start a Python of the machine share.

#include <chrono>
#include <map>
#include <string>

#include "environment/builder.h"

namespace muster::environment {

/// Finds the interpreter among these variables' PATH. not_found: there is none.
Result<Plan> plan_of(const model::EnvironmentDefinition& definition, std::string builder,
                     const std::map<std::string, std::string>& variables);

/// The plan with an interpreter that is looked for elsewhere.
Plan plan_with(const model::EnvironmentDefinition& definition, std::string builder, std::string interpreter);

/// What is installed, as the environment's Python says itself. Blocks; unavailable when it could not say.
Result<Description> ask_interpreter(const Prepared& prepared, std::map<std::string, std::string> variables,
                                    std::chrono::steady_clock::time_point deadline);

}  // namespace muster::environment
