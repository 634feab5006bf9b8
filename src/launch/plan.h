#pragma once
// The launch plan: which ranks run on a node, with which command, variables and log. Pure: values in, values out; every engine's runs go
// through it.
//
//   no distribution            one process; no launch variables (frameworks take a LOCAL_RANK as the sign of a distribution)
//   pytorch, process_count or  per process: RANK, LOCAL_RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, NODE_RANK, MASTER_ADDR, MASTER_PORT
//            a script
//   pytorch, command alone     per node: the command once a node, with NODE_RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; it starts the rest
//   itself mpi                        mpirun starts the ranks (mpi.h); the plan says what they are

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "launch/expand_variables.h"
#include "model/run.h"

namespace muster::launch {

/// What the runner was told (docs/rest-api.md, "work order") and knows of its node.
struct LaunchInput {
  std::string script;  ///< exactly one of script and command
  std::string command;
  std::vector<std::string> arguments;            ///< of the script
  std::vector<std::string> prefix;               ///< stands before every command: how the environment is entered
  std::string interpreter;                       ///< absolute path of the environment's Python
  std::string shell = "/bin/sh";                 ///< what runs a command: /bin/bash where there is one, as people expect of a command line
  std::map<std::string, std::string> variables;  ///< what every rank of the node gets (job_variables.h), launch variables not included
  std::optional<model::Distribution> distribution;
  int node_count = 1;
  int node_rank = 0;
  std::vector<std::string> addresses;  ///< of each node, by node rank
  std::string master_address;          ///< not needed without a distribution
  int master_port = 0;
  int gpus = 0;  ///< on this node, for this run
};

struct RankPlan {
  int rank = 0;
  int local_rank = 0;
  std::vector<std::string> command;  ///< argv. A script's $VAR and ${VAR} are expanded from `variables`; a command is left to its shell
  std::map<std::string, std::string> variables;  ///< the whole environment
  std::string log;                               ///< "azureml-logs/70_driver_log.txt"
};

struct LaunchPlan {
  enum class StartedBy { runner, mpirun };
  std::vector<RankPlan> ranks;  ///< this node's
  int world_size = 1;
  StartedBy started_by =
      StartedBy::runner;  ///< mpirun: on all nodes at once, by node 0's runner; a rank's command then still holds its $VARs
};

/// invalid when the arithmetic does not work out (the server has refused such runs before).
Result<LaunchPlan> plan_node(const LaunchInput& input);

}  // namespace muster::launch
