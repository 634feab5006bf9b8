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
  bool user_managed_dependencies = true;
  std::vector<std::string> pip_packages;
  std::vector<std::string> conda_packages;
  std::optional<std::string> python_version;
  std::map<std::string, std::string> variables;  ///< "environment_variables" on the wire
};

/// Reads an environment definition; faults are gathered under `field`. invalid with every fault (unknown kinds say what to use).
Result<EnvironmentDefinition> environment_from_json(const Json& json, std::string_view field);
Json to_json(const EnvironmentDefinition& environment);

}  // namespace muster::model
