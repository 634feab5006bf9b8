#include "model/experiment.h"

#include <nlohmann/json.hpp>

namespace muster::model {

Json to_json(const Experiment& experiment) {
  return {{"name", experiment.name},
          {"id", experiment.id},
          {"created_at", time_to_json(experiment.created_at)},
          {"created_by", experiment.created_by},
          {"tags", experiment.tags},
          {"run_count", experiment.run_count},
          {"last_run_at", time_to_json(experiment.last_run_at)}};
}

}  // namespace muster::model
