#include "model/workspace.h"

#include <nlohmann/json.hpp>

namespace muster::model {

Json to_json(const Workspace& workspace) {
  return {{"name", workspace.name},
          {"id", workspace.id},
          {"created_at", time_to_json(workspace.created_at)},
          {"created_by", workspace.created_by},
          {"tags", workspace.tags}};
}

}  // namespace muster::model
