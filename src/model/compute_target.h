#pragma once
// A compute target as it was defined.

#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

struct ComputeTarget {
  std::int64_t key = 0;   ///< inside the store
  std::string workspace;  ///< its name
  std::string name;
  std::string engine = "local";          ///< a kind of engine/registry.h
  Json engine_options = Json::object();  ///< what that engine was told, in its own words
  std::string type = "AmlCompute";       ///< or "local"
  std::string vm_size;
  std::string vm_priority = "dedicated";  ///< or "lowpriority"
  int min_nodes = 0;
  int max_nodes = 1;
  std::int64_t idle_seconds_before_scaledown = 120;
  std::string description;
  std::map<std::string, std::string> tags;
  TimeUs created_at = 0;
  std::string created_by;
};
/// The definition's part of what the API shows; the scheduler's target status adds the rest.
Json to_json(const ComputeTarget& target);

}  // namespace muster::model
