#include <algorithm>
#include <csignal>
#include <thread>

#include "base/crash_point.h"
#include "base/plural.h"
#include "environment/cache.h"
#include "environment/container_runtime.h"
#include "runner/steps/start.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

using namespace std::chrono_literals;

constexpr auto kHelpersTime = 1s;  // a process pool's helpers notice the end of their parent by themselves
constexpr auto kPoliteTime = 5s;
constexpr auto kKillTime = 10s;

bool emptied_by(const process::ProcessGroup& group, Ending::Time deadline) {
  for (auto pause = 1ms; !group.is_empty(); pause = std::min(pause * 2, 50ms)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

/// The ranks have ended, but processes that they started may still run. The outcome of the run depends on the ranks alone.
void empty(NodeRun& run) {
  const process::ProcessGroup& group = *run.group;
  const std::chrono::nanoseconds grace = std::chrono::seconds(run.order.grace_seconds);
  const auto in = [&](std::chrono::nanoseconds time) { return std::chrono::steady_clock::now() + std::min(time, grace); };
  if (run.leftovers_until) {
    if (emptied_by(group, *run.leftovers_until)) return;
  } else {
    if (emptied_by(group, in(kHelpersTime))) return;
    const std::size_t left = group.members().size();
    log::info("runner", "the ranks have ended, and {} that they started {} not: ending them", counted(left, "process", "processes"),
              left == 1 ? "has" : "have");
    group.signal_all(SIGTERM);
    if (emptied_by(group, in(kPoliteTime))) return;
  }
  if (const auto killed = group.kill(kKillTime); !killed) run.warnings.add(killed.error());
}

/// The kernel may end a process that is no rank (a worker) for lack of memory, and the error of its rank seldom says so.
void warn_of_memory(NodeRun& run) {
  const std::int64_t kills = run.group->out_of_memory_kills().value_or(0);
  const auto reported =
      std::count_if(run.state.reports.begin(), run.state.reports.end(), [](const auto& one) { return one.out_of_memory; });
  if (kills <= reported) return;
  run.warnings.add(fmt::format("out of memory on node {}: the kernel ended {} of this run there", run.order.node_rank,
                               counted(kills, "process", "processes")));
}

/// A node whose ranks never ran sends at least one report, so that the run fails with the reason.
model::RankReport never_started(const NodeRun& run) {
  model::RankReport report;
  report.rank = run.plan.ranks.empty() ? run.order.node_rank : run.plan.ranks.front().rank;
  report.node_rank = run.order.node_rank;
  report.started_at = run.clock.now();
  report.ended_at = report.started_at;
  if (run.start_error) {
    const Error& error = *run.start_error;
    report.start_failed = true;
    report.environment_failed = run.environment_failed;
    if (run.environment_failed) report.log = environment::kBuildLog;
    report.exit_code = 127;
    report.exception =
        model::PrintedException{"StartFailed", error.hint.empty() ? error.detail : fmt::format("{} ({})", error.detail, error.hint), ""};
  } else {
    report.signal = "SIGTERM";
    report.stopped_by_us = true;
  }
  return report;
}

/// What podman and docker keep of a container whose processes were killed is nobody's any more.
void remove_containers_of(NodeRun& run) {
  if (run.state.container_runtime.empty()) return;
  const auto removed = environment::remove_containers(run.state.container_runtime, run.group->name());
  if (!removed) run.warnings.add(removed.error().detail);
}

}  // namespace

Result<void> end_leftovers(NodeRun& run) {
  if (run.group) {
    empty(run);
    remove_containers_of(run);
    warn_of_memory(run);
    run.group->remove();
    if (const auto removed = remove_tree(mpi_scratch_of(run.group->name())); !removed) run.warnings.add(removed.error().detail);
  }
  if (run.state.reports.empty() && !run.options.salvage) run.state.reports.push_back(never_started(run));
  run.state.phase = RunnerState::Phase::ended;
  // On a full disk the word to the server is all that is left to say it with.
  if (const auto saved = save(run.state, run.folder.state()); !saved) log::warning("runner", "{}", saved.error().detail);
  crash_point("runner.leftovers.ended");
  run.messenger->post(
      "the end of the ranks", [server = run.server.get(), reports = run.state.reports] { return server->finished(reports); },
      Messenger::WhenRefused::stop);
  return {};
}

}  // namespace muster::runner::steps
