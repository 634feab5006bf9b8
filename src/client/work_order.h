#pragma once
// What the server tells a node's runner to do (docs/rest-api.md, "The work order").

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "environment/prepared.h"
#include "model/environment.h"
#include "model/run.h"

namespace muster::client {

struct WorkOrder {
  std::string run_id;
  std::string uuid;
  std::string workspace;
  std::string experiment;
  int attempt = 1;
  int node_rank = 0;
  int node_count = 1;
  std::vector<std::string> addresses;  ///< by node rank
  std::vector<std::string> node_keys;  ///< the engine's names for them
  std::string master_address;
  int master_port = 0;
  std::optional<std::string> snapshot_id;
  std::string script;  ///< exactly one of script and command is set
  std::string command;
  std::vector<std::string> arguments;
  model::RunInputs inputs;
  std::map<std::size_t, std::string> argument_inputs;  ///< as in model::RunSpec
  std::string environment_name;
  environment::Prepared prepared;  ///< how programs start in the environment on this node
  /// What the node has to prepare itself, since it does not share the server's disk; `prepared` is empty then.
  std::optional<model::EnvironmentDefinition> definition;
  std::map<std::string, std::string> environment_variables;
  std::optional<model::Distribution> distribution;
  std::int64_t grace_seconds = 15;
  bool restore_outputs = false;
  std::map<std::string, std::string> variables;  ///< the job's, complete but for the launch's own
  std::string job_token;                         ///< for the ranks; the runner's own is not theirs
};

/// Unknown keys are ignored, so that a newer server can say more. invalid names the keys that are missing or of the wrong type.
Result<WorkOrder> work_order_from_json(const Json& json);

}  // namespace muster::client
