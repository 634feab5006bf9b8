#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/own_variables.h"
#include "environment/container.h"
#include "environment/interpreter.h"
#include "launch/job_variables.h"
#include "launch/mpi.h"
#include "model/process_group_name.h"
#include "runner/node_facts.h"
#include "runner/sdk.h"
#include "runner/steps/start.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kSampleCallTime{5};

/// How much the node is used is told by a connection of its own. A machine without room for that runs its ranks all the same.
void begin_sampling(NodeRun& run) {
  const auto& variables = run.order.environment_variables;
  const auto asked = variables.find(kSampleSecondsVariable);
  const std::chrono::seconds every = sample_interval(asked == variables.end() ? "" : asked->second);
  client::Deadlines deadlines;
  deadlines.total = kSampleCallTime;
  auto own = run.make_api(run.stop.calls_canceled(), deadlines);
  if (!own || every == std::chrono::seconds(0)) return;
  const auto cgroups = run.group->cgroups();
  run.sampler =
      std::make_unique<MachineSampler>(run.protocol(std::move(*own)), run.clock, cgroups.empty() ? fs::path() : cgroups.front(), every);
  if (const auto begun = run.sampler->begin(); !begun) run.sampler.reset();
}

/// Where `python` and `python3` are the environment's: beside the SDK, so that the nodes of an MPI run, who share their variables, find it
/// too.
Result<fs::path> interpreter_folder(const std::string& interpreter, const fs::path& scratch) {
  if (interpreter.empty()) return fs::path();
  return environment::python_folder(interpreter, scratch / "python" / sha256_hex(interpreter).substr(0, 16));
}

/// As MUSTER_INPUTS says it.
std::string inputs_of(const client::WorkOrder& order) {
  std::string lines;
  for (const auto& [name, input] : order.inputs) {
    const bool is_upload = input.mode == model::RunInput::Mode::upload;
    lines += (lines.empty() ? "" : "\n") + name + "=" + (is_upload ? std::string(launch::kUploadMark) : input.file);
  }
  return lines;
}

Result<launch::LaunchInput> launch_input(const NodeRun& run, const fs::path& scratch) {
  const client::WorkOrder& order = run.order;
  launch::JobVariablesInput job;
  job.server = own_variables();
  if (run.in_container()) std::erase_if(job.server, [](const auto& one) { return environment::is_of_machine(one.first); });
  job.environment = order.environment_variables;
  job.run = order.variables;
  job.run_id = order.run_id;
  job.uuid = order.uuid;
  job.workspace = order.workspace;
  job.experiment = order.experiment;
  job.attempt = order.attempt;
  job.node_count = order.node_count;
  job.node = {order.node_rank, fs::absolute(run.folder.root()), run.group->name(), inputs_of(order)};
  job.url = run.options.url;
  job.token = order.job_token;
  job.prepared = environment::variables_of(order.prepared);
  if (!run.in_container()) job.path = environment::path_of(order.prepared);
  if (job.path.empty() && !run.in_container()) {
    MUSTER_TRY_ASSIGN(const fs::path folder, interpreter_folder(environment::interpreter_of(order.prepared), scratch));
    if (!folder.empty()) job.path.push_back(folder.string());
  }
  MUSTER_TRY_ASSIGN(job.sdk_folder, unpack_sdk(scratch));

  launch::LaunchInput input;
  input.script = order.script;
  input.command = order.command;
  input.arguments = order.arguments;
  for (const auto& [index, name] : order.argument_inputs) input.arguments[index] = "${" + launch::input_variable(name) + "}";
  if (!run.in_container()) input.prefix = order.prepared.prefix;  // a container's has more to say (start_in_containers.cc)
  input.interpreter = environment::interpreter_of(order.prepared);
  if (!run.in_container()) input.shell = shell();
  input.variables = launch::job_variables(job);
  input.distribution = order.distribution;
  input.node_count = order.node_count;
  input.node_rank = order.node_rank;
  input.addresses = order.addresses;
  input.master_address = order.master_address;
  input.master_port = order.master_port;
  input.gpus = count_gpus(input.variables);
  return input;
}

Result<void> prepare_files(NodeRun& run) {
  for (const launch::RankPlan& rank : run.plan.ranks) {
    const fs::path file = run.folder.rank_log(rank.log);
    MUSTER_TRY(open_file(file, O_WRONLY | O_CREAT | O_APPEND));
    MUSTER_TRY(run.logs->add(file, rank.log, rank.rank));
    run.state.ranks.push_back({rank.rank, rank.local_rank, rank.log, 0, 0});
  }
  if (run.is_mpi() && run.order.node_rank == 0) {
    const fs::path file = run.folder.rank_log(launch::kMpirunLog);
    MUSTER_TRY(open_file(file, O_WRONLY | O_CREAT | O_APPEND));
    MUSTER_TRY(run.logs->add(file, launch::kMpirunLog, std::nullopt));
    run.state.ranks.push_back({model::kLauncherRank, 0, launch::kMpirunLog, 0, 0});
  }
  if (run.in_container()) run.state.container_runtime = environment::runtime_of(run.order.prepared.prefix);
  // On disk before the first process is: whoever comes after us has to find what we started.
  run.state.group = run.group->to_json();
  return save(run.state, run.folder.state());
}

}  // namespace

Result<void> start_ranks(NodeRun& run) {
  const client::WorkOrder& order = run.order;
  const fs::path& scratch = run.options.scratch;
  MUSTER_TRY_ASSIGN(run.group, process::ProcessGroup::create(model::process_group_name(order.run_id, order.attempt, run.options.node_key)));
  run.group->adopt();
  MUSTER_TRY_ASSIGN(const launch::LaunchInput input, launch_input(run, scratch));
  MUSTER_TRY_ASSIGN(run.plan, launch::plan_node(input));
  if (run.is_mpi() && run.in_container()) {
    return fail_hint(Code::invalid, "use PyTorchConfiguration, or an environment without an image",
                     "mpirun starts no ranks in containers: an MPI run needs an environment without an image");
  }
  MUSTER_TRY(prepare_files(run));
  MUSTER_TRY(run.logs->begin());
  MUSTER_TRY(run.journals->begin());
  if (run.in_container())
    MUSTER_TRY(start_in_containers(run, scratch));
  else
    MUSTER_TRY(run.is_mpi() ? start_by_mpirun(run, input, scratch) : start_children(run));
  begin_sampling(run);
  // What is installed is asked of a Python that can be started as it is.
  if (const std::string python = environment::interpreter_of(order.prepared);
      !python.empty() && !run.in_container() && order.node_rank == 0) {
    run.environment = std::make_unique<ResolvedEnvironment>(python, run.plan.ranks.front().variables, scratch / "resolved");
  }
  return {};
}

}  // namespace muster::runner::steps
