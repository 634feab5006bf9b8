#pragma once
// The launch plan: which ranks start on a node, with which command, variables and log. Pure: values in, values out; every engine's runs go through it.

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/run.h"

namespace muster::launch {

/// What the runner was told (docs/rest-api.md, "work order") and knows of its node.
struct LaunchInput {
  std::string script;   ///< exactly one of script and command
  std::string command;
  std::vector<std::string> arguments;
  std::string interpreter;                      ///< absolute path of the environment's Python
  std::map<std::string, std::string> variables; ///< what every rank of the node gets (docs/job-variables.md), launch variables not included
  std::optional<model::Distribution> distribution;
  int node_count = 1;
  int node_rank = 0;
  std::vector<std::string> addresses;  ///< of each node
  std::string master_address;
  int master_port = 0;
  int gpus = 0;                        ///< on this node, for this run
};

struct RankPlan {
  int rank = 0;
  int local_rank = 0;
  std::vector<std::string> command;              ///< argv, $VAR and ${VAR} already expanded from `variables`
  std::map<std::string, std::string> variables;  ///< the whole environment
  std::string log;                               ///< "azureml-logs/70_driver_log.txt"
};

struct LaunchPlan {
  std::vector<RankPlan> ranks;  ///< the processes that this node's runner starts
  int world_size = 1;
};

/// invalid when the arithmetic does not work out (the server has refused such runs before).
Result<LaunchPlan> plan_node(const LaunchInput& input);

/// Expands $VAR and ${VAR} as a shell would, "" for unknown names; "$$" stays. Nothing else of a shell's language.
std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& variables);

}  // namespace muster::launch
