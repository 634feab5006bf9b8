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
/// What decides whether a definition is a new version: a version of this form, then its JSON, with sorted keys, without name and version
/// and without all that has its default. So a setting that is new one day leaves the versions of all definitions without it as they are.
std::string content_form(const EnvironmentDefinition& definition);

/// As the API shows it.
Json to_json(const EnvironmentRecord& record);

}  // namespace muster::model
