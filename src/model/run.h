#pragma once
// A run: what was asked for (RunSpec), and what became of it (Run).

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "model/distribution.h"
#include "model/environment.h"
#include "model/rank_report.h"
#include "model/run_error.h"
#include "model/run_input.h"
#include "model/run_kind.h"
#include "model/run_status.h"

namespace muster::model {

/// What was submitted. Of a job exactly one of `script` and `command` is set; of other kinds what only a job has keeps its defaults, and
/// `compute_target` is "".
struct RunSpec {
  RunKind kind = RunKind::job;
  std::optional<std::string> run_id;  ///< nothing: the server makes one
  std::string experiment;
  std::string display_name;
  std::optional<std::string> snapshot_id;
  std::string script;
  std::string command;
  std::vector<std::string> arguments;
  RunInputs inputs;
  std::map<std::size_t, std::string> argument_inputs;  ///< which arguments are the place of an input, by its name; "" stands in `arguments`
  std::string compute_target = "local";
  EnvironmentDefinition environment;
  std::map<std::string, std::string> environment_variables;
  std::optional<Distribution> distribution;
  int node_count = 1;
  std::int64_t max_run_duration_seconds = 2'592'000;
  int max_retries = 0;
  std::int64_t priority = 0;
  std::int64_t grace_seconds = 15;
  std::map<std::string, std::string> tags;
  std::map<std::string, std::string> properties;
  std::optional<std::string> parent_run_id;
  std::map<std::string, std::string> parameters;  ///< each set once
  std::string description;
};

/// Reads the body of POST /runs. Checks everything that needs no database: types, names, paths, limits, distribution arithmetic; invalid
/// with every fault.
Result<RunSpec> run_spec_from_json(const Json& body);
/// `arguments` on the wire: texts, and {"input": name}.
Json arguments_to_json(const RunSpec& spec);
/// The same keys as run_spec_from_json reads, all of them.
Json to_json(const RunSpec& spec);
/// What is allowed but probably not meant, in words for the run's `warnings`.
std::vector<std::string> doubts_about(const RunSpec& spec);

struct StageTimes {
  TimeUs started_at = 0;  ///< 0: not reached
  TimeUs ended_at = 0;
};

enum class NodeStatus {
  starting,
  running,
  finished,  ///< no process of it is left; what it had is being collected
  done,
  lost,  ///< its runner is gone; another one collects what it left
};
/// "Starting", "Running", …
std::string_view to_string(NodeStatus status);
/// invalid for an unknown name.
Result<NodeStatus> node_status_from_string(std::string_view name);

/// One node of an attempt.
struct RunNode {
  int node_rank = 0;
  std::string host;
  std::string address;  ///< where other nodes reach it; set at check-in
  int port = 0;         ///< a port that was free there at check-in (node 0's becomes MASTER_PORT)
  NodeStatus status = NodeStatus::starting;
  std::int64_t runner_pid = 0;
  TimeUs last_heartbeat_at = 0;
  std::vector<RankReport> reports;  ///< how its ranks ended, once it told
  std::string gpus;                 ///< its share of the machine's, as CUDA_VISIBLE_DEVICES names them: "0,1"; "" when none
  int salvages = 0;                 ///< how often another runner was sent to collect what a lost one left
  std::string key;                  ///< the engine's name for it; "" until that is known
  std::string gone;                 ///< how it was lost, where the engine knows more than that its runner ended
  bool operator==(const RunNode&) const = default;
};

struct Run {
  std::int64_t key = 0;  ///< the integer key inside the store; never shown
  std::int64_t workspace_key = 0;
  std::string run_id;
  std::string uuid;  ///< 32 hex
  std::string workspace;
  RunSpec spec;
  std::string environment_version;
  std::string environment_hash;
  RunStatus status = RunStatus::not_started;
  std::string status_detail;
  int attempt = 1;
  std::int64_t revision = 0;  ///< raised at each change; followers compare it
  TimeUs created_at = 0;
  TimeUs started_at = 0;
  TimeUs ended_at = 0;
  std::string created_by;
  std::array<StageTimes, kStageCount> stages;  ///< indexed by Stage; of the last attempt
  std::vector<RunNode> nodes;                  ///< of the last attempt
  std::optional<RunError> error;
  std::vector<std::string> warnings;
  std::vector<int> taken_ports;  ///< master ports of earlier attempts that something else had taken before the ranks could meet there
  bool cancel_asked = false;
  std::string cancel_reason;
  std::int64_t number = 0;  ///< of its experiment's runs, from 1, never given twice
  TimeUs deleted_at = 0;    ///< 0: active. A deleted run is read, and not changed, until it is restored or removed for good
};

/// The run object of the API (docs/rest-api.md).
Json to_json(const Run& run);

}  // namespace muster::model
