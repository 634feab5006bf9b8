#pragma once
// Deciding about environments: what a definition asks for, and when two ask for the same. Pure.

#include <string>
#include <vector>

#include "model/environment.h"

namespace muster::environment {

/// The pip requirements to install, white space made uniform, in order. What the runner itself provides (azureml-defaults, azureml-core,
/// azureml-sdk, muster) is left out; so is everything in a user-managed environment. Empty: the interpreter is used as it is.
std::vector<std::string> packages_to_install(const model::EnvironmentDefinition& definition);

/// Those of the definition's packages that the runner provides, as they were given.
std::vector<std::string> provided_packages(const model::EnvironmentDefinition& definition);

/// The interpreter to look for: the definition's, or "python3.8" where it gives a `python_version` and names no other interpreter than
/// `python`.
std::string interpreter_wanted(const model::EnvironmentDefinition& definition);

/// The canonical form (builder, interpreter, packages in order; not name, version or variables) and its SHA-256. `interpreter` is the
/// resolved one.
std::string canonical_form(const model::EnvironmentDefinition& definition, const std::string& interpreter);
std::string environment_hash(const model::EnvironmentDefinition& definition, const std::string& interpreter);

}  // namespace muster::environment
