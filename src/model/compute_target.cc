#include "model/compute_target.h"

#include <nlohmann/json.hpp>

namespace muster::model {

Json to_json(const ComputeTarget& target) {
  return {{"name", target.name},
          {"engine", target.engine},
          {"engine_options", target.engine_options},
          {"type", target.type},
          {"vm_size", target.vm_size.empty() ? Json() : Json(target.vm_size)},
          {"vm_priority", target.vm_priority},
          {"min_nodes", target.min_nodes},
          {"max_nodes", target.max_nodes},
          {"idle_seconds_before_scaledown", target.idle_seconds_before_scaledown},
          {"description", target.description},
          {"tags", target.tags},
          {"created_at", time_to_json(target.created_at)},
          {"created_by", target.created_by}};
}

}  // namespace muster::model
