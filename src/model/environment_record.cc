#include "model/environment_record.h"

namespace muster::model {

Json to_json(const EnvironmentRecord& record) {
  return {{"name", record.definition.name},
          {"version", record.definition.version ? Json(*record.definition.version) : Json()},
          {"hash", record.hash},
          {"created_at", time_to_json(record.created_at)},
          {"created_by", record.created_by},
          {"definition", to_json(record.definition)}};
}

}  // namespace muster::model
