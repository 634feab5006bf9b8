#pragma once
// A job's environment variables: the one list, explained in docs/job-variables.md and held by tests/golden/job-variables.json. Pure.

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace muster::launch {

using Variables = std::map<std::string, std::string>;

/// Whether a variable of the server's own environment is passed on to jobs.
bool passes_from_server(std::string_view name);

/// What differs between the nodes of a run.
inline constexpr std::string_view kUploadMark = "/";  ///< no file's name

struct NodeVariablesInput {
  int node_rank = 0;
  std::filesystem::path run_folder;  ///< absolute; the job's working folder
  std::string group;                 ///< the node's process group (process/group.h); "" when it has none
  /// The value of MUSTER_INPUTS: a line for each input, "<name>=<file, nothing for a folder, or kUploadMark>".
  std::string inputs = {};
};
Variables node_variables(const NodeVariablesInput& input);
/// Where a node keeps an input, below its run folder; and the variable that says so.
std::filesystem::path input_folder(const std::filesystem::path& run_folder, const std::string& name);
std::string input_variable(const std::string& name);

struct JobVariablesInput {
  Variables server;       ///< of the server's (on other machines the runner's) own environment; all of it, what may pass is chosen here
  Variables environment;  ///< the environment definition's
  Variables run;          ///< the run's `environment_variables`
  std::string run_id;
  std::string uuid;
  std::string workspace;
  std::string experiment;
  int attempt = 1;
  int node_count = 1;
  NodeVariablesInput node;
  std::string url;                   ///< of the server, as this node reaches it
  std::string token;                 ///< the run's own
  TimeUs token_expires_at = 0;       ///< 0 leaves AZUREML_RUN_TOKEN_EXPIRY out
  std::filesystem::path sdk_folder;  ///< put first on PYTHONPATH; "" when there is none
  std::vector<std::string> path;     ///< put first on PATH: where `python` is the environment's Python
  Variables prepared;                ///< what the environment needs to be used, as VIRTUAL_ENV; wins over all others
};

/// The server's (those that pass), then the environment's, then the run's, then ours: each wins over those before. PATH and PYTHONPATH are
/// ours in front of what the last of the others set.
Variables job_variables(const JobVariablesInput& input);

}  // namespace muster::launch
