#pragma once
// An environment definition: what has to be there before a script can start.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace muster::model {

/// The container that programs are to run in ("docker" on the wire).
struct ContainerDefinition {
  std::optional<bool> enabled;
  std::string base_image;
  std::string dockerfile;  ///< its text
  std::string registry_address;
  std::string registry_username;
  std::vector<std::string> arguments;  ///< for the program that starts containers
  std::optional<std::int64_t> shm_size_bytes;

  /// Azure ML's rule: what is switched off is none, whatever else is said of it; an image alone asks for one.
  bool is_asked_for() const { return enabled.value_or(!base_image.empty() || !dockerfile.empty()); }
};

struct EnvironmentDefinition {
  std::string name = "default";
  std::optional<std::string> version;
  std::string interpreter_path = "python";
  bool user_managed_dependencies = false;    ///< true: the interpreter is used as it is, whatever packages are listed (Azure ML's rule)
  bool system_site_packages = false;         ///< what is installed is added to what the interpreter has of its own
  std::vector<std::string> pip_packages;     ///< lines as in a requirements file: packages, URLs, paths, options
  std::vector<std::string> pip_constraints;  ///< lines as in a constraints file
  std::vector<std::string> conda_channels;   ///< in the order in which they are asked
  std::vector<std::string> conda_packages;
  std::optional<std::string> python_version;     ///< "3", "3.8", "3.8.13"; also taken from a conda package "python=3.8"
  std::map<std::string, std::string> variables;  ///< "environment_variables" on the wire
  std::optional<ContainerDefinition> container;
};

/// Whether the name begins with "AzureML", in any case: such names are those of the environments that Muster brings.
bool is_reserved_environment(std::string_view name);

/// Reads an environment definition. invalid with every fault, each told as "<field>.<its place>" (no prefix when `field` is ""). What is
/// well formed may still be more than this machine can build: environment/spec.h.
Result<EnvironmentDefinition> environment_from_json(const Json& json, std::string_view field);
Json to_json(const EnvironmentDefinition& environment);

}  // namespace muster::model
