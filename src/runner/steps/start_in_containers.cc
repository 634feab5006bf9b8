#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "environment/container.h"
#include "runner/container_ranks.h"
#include "runner/patient_start.h"
#include "runner/rank_program.h"
#include "runner/sdk.h"
#include "runner/steps/start.h"

namespace muster::runner::steps {
namespace {

namespace fs = std::filesystem;

fs::path id_file(const NodeRun& run, std::size_t index) { return run.folder.own() / "containers" / fmt::format("{}.id", index); }

/// What each rank is given inside: its run folder, the SDK, and muster-rank.
std::vector<std::string> mounts_of(const NodeRun& run, const fs::path& program, const fs::path& sdk) {
  return {fs::absolute(run.folder.root()).string(), sdk.string() + ":ro", program.string() + ":ro"};
}

Result<process::Child> start_container(const NodeRun& run, std::size_t index, const std::vector<std::string>& mounts,
                                       const fs::path& program) {
  const launch::RankPlan& rank = run.plan.ranks[index];
  environment::ContainerEntry entry;
  entry.group = run.group->name();
  entry.id_file = id_file(run, index);
  entry.folder = fs::absolute(run.folder.root());
  entry.mounts = mounts;
  entry.variables = rank.variables;
  entry.variables["MUSTER_RANK_FOLDER"] = fs::absolute(run.folder.ranks());
  entry.variables["MUSTER_RANK_LOG"] = fs::path(rank.log).filename();
  std::vector<std::string> words{program.string(), "contained", "--"};
  words.insert(words.end(), rank.command.begin(), rank.command.end());
  // What podman or docker has to say stands in the rank's log too.
  MUSTER_TRY_ASSIGN(const Fd log, open_file(run.folder.rank_log(rank.log), O_WRONLY | O_APPEND));
  process::SpawnOptions options;
  options.command = environment::container_command(run.order.prepared.prefix, entry, words);
  options.variables = environment::client_variables(own_variables(), entry.variables);
  options.folder = run.folder.root();
  options.output = log.get();
  options.cgroups = run.group->cgroups();
  return process::spawn(options);
}

}  // namespace

Result<void> start_in_containers(NodeRun& run, const fs::path& home) {
  MUSTER_TRY_ASSIGN(const fs::path unpacked, unpack_rank_program(home));
  const fs::path program = fs::absolute(unpacked);
  MUSTER_TRY_ASSIGN(const fs::path sdk, unpack_sdk(home));
  MUSTER_TRY(make_folders(run.folder.own() / "containers"));
  const std::vector<std::string> mounts = mounts_of(run, program, fs::absolute(sdk));
  std::vector<process::Child> clients;
  std::vector<client::StartedRank> started;
  for (std::size_t i = 0; i < run.plan.ranks.size(); ++i) {
    const int rank = run.plan.ranks[i].rank;
    auto client = start_process(fmt::format("the container of rank {}", rank), run.stop.asked_token(),
                                [&] { return start_container(run, i, mounts, program); });
    if (!client) {
      if (const auto ended = run.group->kill(process::kKillDeadline); !ended) run.warnings.add(ended.error());
      return tl::unexpected(std::move(client).error());
    }
    run.group->add_leader(client->pid());
    run.state.ranks[i].pid = client->pid();
    run.state.ranks[i].started_at = run.clock.now();
    started.push_back({rank, client->pid(), run.state.ranks[i].started_at});
    clients.push_back(std::move(*client));
  }
  const auto terminate = run.order.command.empty() ? ContainerRanks::Terminate::process : ContainerRanks::Terminate::session;
  const auto begun = [&run](std::size_t index) {
    const auto id = read_file(id_file(run, index), 128);
    if (!id || !run.group->add_container(*id)) return;  // its processes are known by their variables too
    run.state.group = run.group->to_json();
    if (const auto saved = save(run.state, run.folder.state()); !saved) run.warnings.add(saved.error().detail);
  };
  run.ranks =
      std::make_unique<ContainerRanks>(std::move(clients), run.folder.ranks(), run.state, terminate, run.clock, run.warnings, begun);
  crash_point("runner.ranks.started");
  run.heartbeat->ranks_started();
  run.messenger->post("the start of the ranks", [server = run.server.get(), started] { return server->started(started); });
  run.state.group = run.group->to_json();
  if (const auto saved = save(run.state, run.folder.state()); !saved) run.warnings.add(saved.error().detail);
  return {};
}

}  // namespace muster::runner::steps
