#pragma once
// A registered version of an environment definition.

#include <string>

#include "base/clock.h"
#include "model/environment.h"

namespace muster::model {

struct EnvironmentRecord {
  EnvironmentDefinition definition;  ///< its version is this record's
  std::string hash;                  ///< of the definition's content, name and version left out
  TimeUs created_at = 0;
  std::string created_by;
};
/// As the API shows it.
Json to_json(const EnvironmentRecord& record);

}  // namespace muster::model
