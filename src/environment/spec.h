#pragma once
// Deciding about environments: what a definition asks for, and when two ask for the same. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/environment.h"

namespace muster::environment {

/// The lines of pip's requirements to install, in order: first what pip gets instead of conda packages (conda_packages.h), then the
/// definition's own. Blanks without a meaning are made uniform, all else is as it was written. What the runner itself provides
/// (azureml-defaults, azureml-core, azureml-sdk, muster) is left out; so is everything in a user-managed environment.
std::vector<std::string> packages_to_install(const model::EnvironmentDefinition& definition);

/// Those of the definition's packages that the runner provides, as they were given.
std::vector<std::string> provided_packages(const model::EnvironmentDefinition& definition);

/// What no builder of this program can make of it, each with its field ("python.conda_packages[2]"). Empty: it can be built.
std::vector<FieldError> cannot_be_built(const model::EnvironmentDefinition& definition);

/// What is made otherwise than the definition has it, in words for a run's warnings and the build's log.
std::vector<std::string> notices(const model::EnvironmentDefinition& definition);

/// The definition with exactly these packages ("name==version", "name @ URL", as an installer lists them) instead of those that it asks
/// for, and what the installer itself brings left out. pip's options stay, conda's packages and constraints have done their part.
model::EnvironmentDefinition locked_to(model::EnvironmentDefinition definition, const std::vector<std::string>& installed);

/// The first pin ("torch==1.6.0", without a marker) for which another version was installed, and what that is: "1.10.2". `installed` is as
/// installers list it. Nothing when all are as they were asked for; what is not listed is passed over.
struct OtherVersion {
  std::string asked;
  std::string version;
};
std::optional<OtherVersion> not_as_asked(const std::vector<std::string>& packages, const std::vector<std::string>& installed);

/// The interpreter to look for: the definition's, or "python3.8" where it gives a `python_version` and names no other interpreter than
/// `python`.
std::string interpreter_wanted(const model::EnvironmentDefinition& definition);

/// What decides whether two environments are the same: a version of this form, then a line for each thing that is set, in a fixed order
/// (builder, interpreter, packages as they are asked for, constraints; not name, version or variables). What a definition does not set has
/// no line, so that a setting that is new one day leaves the hashes of all others as they are. `interpreter` is the resolved one.
std::string canonical_form(const model::EnvironmentDefinition& definition, std::string_view builder, std::string_view interpreter);
/// SHA-256 of the form.
std::string environment_hash(const model::EnvironmentDefinition& definition, std::string_view builder, std::string_view interpreter);

}  // namespace muster::environment
