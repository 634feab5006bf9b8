#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "environment/mpirun.h"
#include "launch/mpi.h"
#include "model/node_folder_name.h"
#include "model/process_group_name.h"
#include "rank/rank_record.h"
#include "runner/mpi_ranks.h"
#include "runner/patient_start.h"
#include "runner/peers.h"
#include "runner/rank_program.h"
#include "runner/steps/start.h"

namespace muster::runner::steps {
namespace {

namespace fs = std::filesystem;

/// An empty folder that nobody else can have prepared for us: it lies where everybody can write.
Result<void> make_scratch(const fs::path& folder) {
  if (const auto removed = remove_tree(folder); !removed) return tl::unexpected(removed.error());
  if (::mkdir(folder.c_str(), 0700) != 0) return tl::unexpected(system_error("make " + folder.string(), errno));
  return {};
}

launch::MpiNode node_of(const NodeRun& run, int node_rank) {
  const process::ProcessGroup group = process::ProcessGroup::planned(
      model::process_group_name(run.order.run_id, run.order.attempt, run.order.node_keys.at(static_cast<std::size_t>(node_rank))));
  return {node_rank, fs::absolute(run.folder.root()).parent_path() / model::node_folder_name(node_rank), group.name(),
          mpi_scratch_of(group.name()), group.cgroups()};
}

/// What mpirun reads: files beside the link to muster-rank, all by paths without spaces.
Result<launch::MpirunInput> write_input(const NodeRun& run, const fs::path& scratch, const fs::path& home) {
  launch::MpirunInput input;
  MUSTER_TRY_ASSIGN(input.mpirun, environment::find_mpirun(run.plan.ranks.front().variables));
  MUSTER_TRY_ASSIGN(const fs::path program, unpack_rank_program(home));
  const fs::path link = scratch / "muster-rank";
  if (::symlink(fs::absolute(program).c_str(), link.c_str()) != 0) return tl::unexpected(system_error("link " + link.string(), errno));
  input.rank_program = link.string();
  input.hostfile = scratch / "hosts";
  input.nodes_file = scratch / "nodes";
  std::vector<launch::MpiNode> nodes;
  for (int node = 0; node < run.order.node_count; ++node) nodes.push_back(node_of(run, node));
  MUSTER_TRY_ASSIGN(const std::string lines, launch::mpi_nodes_file(nodes));
  MUSTER_TRY(write_file(input.nodes_file, lines, 0600, Durable::no));
  const std::string hosts = launch::mpi_hostfile(run.order.node_count, static_cast<int>(run.plan.ranks.size()));
  MUSTER_TRY(write_file(input.hostfile, hosts, 0600, Durable::no));
  return input;
}

Result<process::Child> start_mpirun(const NodeRun& run, const launch::RankPlan& mpirun, const fs::path& scratch) {
  MUSTER_TRY_ASSIGN(const Fd log, open_file(run.folder.rank_log(mpirun.log), O_WRONLY | O_APPEND));
  process::SpawnOptions options;
  options.command = mpirun.command;
  options.variables = mpirun.variables;
  // Its own session files: beside the daemons', and gone with them.
  options.variables["OMPI_MCA_orte_tmpdir_base"] = scratch / "mpirun";
  options.folder = run.folder.root();
  options.output = log.get();
  options.cgroups = run.group->cgroups();
  return process::spawn(options);
}

/// For the agent: what it starts here has node 0's environment.
Result<void> keep_gpus(const NodeRun& run) {
  const auto& variables = run.plan.ranks.front().variables;
  const auto gpus = variables.find(rank::kGpusVariable);
  if (gpus == variables.end()) return {};
  return write_file(run.folder.ranks() / rank::kGpus, gpus->second + "\n", 0644, Durable::no);
}

/// No ranks of its own to name: it is mpirun that starts them.
void say_ready(NodeRun& run) {
  run.heartbeat->ranks_started();
  run.messenger->post("the readiness of the node", [server = run.server.get()] { return server->started({}); });
}

}  // namespace

fs::path mpi_scratch_of(const std::string& group) {
  const char* shared_memory = "/dev/shm";
  return launch::mpi_scratch(::access(shared_memory, W_OK | X_OK) == 0 ? shared_memory : "/tmp", group);
}

Result<void> start_by_mpirun(NodeRun& run, const launch::LaunchInput& input, const fs::path& home) {
  const fs::path scratch = mpi_scratch_of(run.group->name());
  MUSTER_TRY(make_scratch(scratch));
  const auto make_ranks = [&] {
    MpiRanks::Node node{run.order.node_rank, run.folder.ranks(),
                        run.order.command.empty() ? MpiRanks::Terminate::process : MpiRanks::Terminate::session};
    run.ranks =
        std::make_unique<MpiRanks>(std::move(node), run.plan.ranks.size(), run.state, run.mpirun ? &*run.mpirun : nullptr, run.clock);
  };
  MUSTER_TRY(keep_gpus(run));
  if (run.order.node_rank != 0) {
    make_ranks();  // before anybody knows that they may start
    say_ready(run);
    return {};
  }
  MUSTER_TRY_ASSIGN(const launch::MpirunInput files, write_input(run, scratch, home));
  MUSTER_TRY(make_folders(scratch / "mpirun"));
  const launch::RankPlan mpirun = launch::plan_mpirun(input, run.plan, files);
  const auto ready = [](const NodeStatuses& statuses) { return all_others(statuses, 0, {"Running", "Finished", "Done"}); };
  if (run.order.node_count > 1 && !wait_for_peers(run, ready, [] { return false; })) {
    return fail(Code::unavailable, "a stop was asked for before all nodes were ready");
  }
  MUSTER_TRY_ASSIGN(run.mpirun, start_process("mpirun", run.stop.asked_token(), [&] { return start_mpirun(run, mpirun, scratch); }));
  run.group->add_leader(run.mpirun->pid());
  run.state.group = run.group->to_json();
  run.state.ranks.back().pid = run.mpirun->pid();
  run.state.ranks.back().started_at = run.clock.now();
  make_ranks();
  say_ready(run);
  if (const auto saved = save(run.state, run.folder.state()); !saved) run.warnings.add(saved.error().detail);
  return {};
}

}  // namespace muster::runner::steps
