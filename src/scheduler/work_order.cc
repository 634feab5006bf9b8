#include "scheduler/work_order.h"

#include <nlohmann/json.hpp>

namespace muster::scheduler {

Json work_order(const model::Run& run, int node_rank, const std::optional<environment::Prepared>& prepared, const std::string& job_token) {
  Json nodes = Json::array();
  for (const model::RunNode& node : run.nodes)
    nodes.push_back({{"node_rank", node.node_rank}, {"node", node.key}, {"address", node.address}});
  const Json spec = model::to_json(run.spec);
  const model::RunNode& master = run.nodes.front();
  return {
      {"run_id", run.run_id},
      {"uuid", run.uuid},
      {"workspace", run.workspace},
      {"experiment", run.spec.experiment},
      {"attempt", run.attempt},
      {"node_rank", node_rank},
      {"node_count", run.spec.node_count},
      {"nodes", nodes},
      {"master", {{"address", master.address}, {"port", master.port}}},
      {"snapshot_id", run.spec.snapshot_id ? Json(*run.spec.snapshot_id) : Json()},
      {"script", run.spec.script},
      {"command", run.spec.command},
      {"arguments", model::arguments_to_json(run.spec)},
      {"inputs", spec.at("inputs")},
      {"environment",
       {{"name", run.spec.environment.name},
        {"variables", run.spec.environment.variables},
        {"prepared", prepared ? to_json(*prepared) : Json()},
        {"definition", prepared ? Json() : model::to_json(run.spec.environment)}}},
      {"distribution", spec.at("distribution")},
      {"grace_seconds", run.spec.grace_seconds},
      {"restore_outputs", run.attempt > 1},
      {"variables", run.spec.environment_variables},
      {"job_token", job_token},
  };
}

}  // namespace muster::scheduler
