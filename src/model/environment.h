#pragma once
// An environment definition: what has to be there before a script can start.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace muster::model {

struct EnvironmentDefinition {
  std::string name = "default";
  std::optional<std::string> version;
  std::string interpreter_path = "python";
  bool user_managed_dependencies = false;  ///< true: the interpreter is used as it is, whatever packages are listed (Azure ML's rule)
  std::vector<std::string> pip_packages;
  std::vector<std::string> conda_packages;
  std::optional<std::string> python_version;     ///< "3", "3.8", "3.8.13"; also taken from a conda package "python=3.8"
  std::map<std::string, std::string> variables;  ///< "environment_variables" on the wire
};

/// Reads an environment definition. invalid with every fault, each told as "<field>.<its place>" (no prefix when `field` is ""); kinds that
/// are not built yet (docker, conda packages other than python and pip) say what to use.
Result<EnvironmentDefinition> environment_from_json(const Json& json, std::string_view field);
Json to_json(const EnvironmentDefinition& environment);

}  // namespace muster::model
