#pragma once
// A workspace: what everything else lives in.

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

struct Workspace {
  std::int64_t key = 0;  ///< inside the store; never shown
  std::string name;
  std::string id;  ///< 32 hex
  TimeUs created_at = 0;
  std::string created_by;
  std::map<std::string, std::string> tags;
};
/// As the API shows it.
Json to_json(const Workspace& workspace);

}  // namespace muster::model
