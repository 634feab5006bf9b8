#include <algorithm>

#include "environment/cache.h"
#include "runner/rank_records.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

constexpr std::chrono::seconds kKillTime{10};

/// Which of the ranks are alive, before they are ended.
std::vector<int> running_ranks(const RunnerState& state, const process::ProcessGroup& group) {
  const std::vector<pid_t> members = group.members();
  std::vector<int> ranks;
  for (const RankState& rank : state.ranks) {
    if (std::find(members.begin(), members.end(), rank.pid) != members.end()) ranks.push_back(rank.rank);
  }
  return ranks;
}

/// A build that the earlier runner was at is ended, and its log is the run's.
Result<void> take_over_build(NodeRun& run) {
  const std::filesystem::path environments = environments_of(run.options.scratch);
  std::error_code ignored;
  if (std::filesystem::exists(environments, ignored)) environment::EnvironmentCache{environments};
  const std::filesystem::path log = run.folder.rank_log(environment::kBuildLog);
  if (std::filesystem::exists(log, ignored)) MUSTER_TRY(run.logs->add(log, environment::kBuildLog, std::nullopt));
  return {};
}

}  // namespace

Result<void> take_over(NodeRun& run) {
  if (const auto taken = take_over_build(run); !taken) run.warnings.add(taken.error().detail);
  auto state = load_state(run.folder.state());
  if (!state) {
    if (state.error().code != Code::not_found)
      run.warnings.add(fmt::format("the state that the earlier runner left cannot be read: {}", state.error().detail));
    MUSTER_TRY(run.folder.make());  // it was killed before it started any rank
    return run.logs->begin();
  }
  run.state = std::move(*state);
  MUSTER_TRY_ASSIGN(run.group, process::ProcessGroup::reopen(run.state.group));
  if (run.state.phase == RunnerState::Phase::starting) {
    MUSTER_TRY(run.folder.make());
    const RankRecords records(run.folder.ranks());
    if (const auto closed = records.close(); !closed) run.warnings.add(closed.error().detail);
    adopt_records(run.state, run.folder.ranks(), run.order.node_rank);
    const std::vector<int> running = running_ranks(run.state, *run.group);
    if (const auto killed = run.group->kill(kKillTime); !killed) run.warnings.add(killed.error());
    run.state.reports = reports_of_the_lost(run.state, running, run.order.node_rank, run.clock.now());
  }
  MUSTER_TRY(run.folder.make());
  for (const RankState& rank : run.state.ranks) {
    const auto of_rank = rank.rank == model::kLauncherRank ? std::nullopt : std::optional(rank.rank);
    const auto added = run.logs->add(run.folder.rank_log(rank.log), rank.log, of_rank);
    if (!added) run.warnings.add(fmt::format("{} is lost: {}", rank.log, added.error().detail));
  }
  MUSTER_TRY(run.logs->begin());
  MUSTER_TRY(run.journals->begin());
  return {};
}

}  // namespace muster::runner::steps
