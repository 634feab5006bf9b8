#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "runner/child_ranks.h"
#include "runner/patient_start.h"
#include "runner/steps/start.h"

namespace muster::runner::steps {
namespace {

/// The rank writes into its own file, without a pipe: what it wrote is kept when the runner or the rank is killed.
Result<process::Child> start_rank(const NodeRun& run, const launch::RankPlan& rank) {
  MUSTER_TRY_ASSIGN(const Fd log, open_file(run.folder.rank_log(rank.log), O_WRONLY | O_APPEND));
  process::SpawnOptions options;
  options.command = rank.command;
  options.variables = rank.variables;
  options.folder = run.folder.root();
  options.output = log.get();
  options.cgroups = run.group->cgroups();
  return process::spawn(options);
}

/// Ends the ranks that were started when a later one could not be.
void undo(NodeRun& run, std::vector<process::Child>& children) {
  const auto ended = run.group->kill(std::chrono::seconds(10));
  if (!ended) run.warnings.add(ended.error());
  for (process::Child& child : children) (void)child.wait(std::chrono::milliseconds(100));
  for (RankState& rank : run.state.ranks) rank.pid = 0;
}

}  // namespace

Result<void> start_children(NodeRun& run) {
  std::vector<client::StartedRank> started;
  std::vector<process::Child> children;
  for (std::size_t i = 0; i < run.plan.ranks.size(); ++i) {
    const launch::RankPlan& rank = run.plan.ranks[i];
    auto child = start_process(fmt::format("rank {}", rank.rank), run.stop.asked_token(), [&] { return start_rank(run, rank); });
    if (!child) {
      undo(run, children);
      return tl::unexpected(std::move(child).error());
    }
    run.group->add_leader(child->pid());
    run.state.ranks[i].pid = child->pid();
    run.state.ranks[i].started_at = run.clock.now();
    started.push_back({rank.rank, child->pid(), run.state.ranks[i].started_at});
    children.push_back(std::move(*child));
  }
  const auto terminate = run.order.command.empty() ? ChildRanks::Terminate::process : ChildRanks::Terminate::session;
  run.ranks = std::make_unique<ChildRanks>(std::move(children), terminate, run.warnings);
  crash_point("runner.ranks.started");
  run.heartbeat->ranks_started();
  run.messenger->post("the start of the ranks", [server = run.server.get(), started] { return server->started(started); });
  run.state.group = run.group->to_json();
  if (const auto saved = save(run.state, run.folder.state()); !saved) run.warnings.add(saved.error().detail);
  return {};
}

}  // namespace muster::runner::steps
