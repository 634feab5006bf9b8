#pragma once
// An experiment: a name that runs are gathered under.

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

struct Experiment {
  std::int64_t key = 0;  ///< inside the store
  std::string name;
  std::string id;  ///< 32 hex
  TimeUs created_at = 0;
  std::string created_by;
  std::map<std::string, std::string> tags;
  std::int64_t run_count = 0;
  TimeUs last_run_at = 0;  ///< when its newest run was submitted; 0: never
};
/// As the API shows it.
Json to_json(const Experiment& experiment);

}  // namespace muster::model
