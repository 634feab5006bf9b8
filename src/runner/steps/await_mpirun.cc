#include "launch/mpi.h"
#include "runner/peers.h"
#include "runner/rank_reports.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

/// mpirun ends some tenths of a second after its last rank, and its daemons with it. Open MPI's sometimes never does, with very many ranks.
constexpr std::chrono::seconds kExitTime{2};
constexpr std::chrono::seconds kDaemonsTime{1};

bool has_failed(const NodeRun& run) {
  return std::any_of(run.state.reports.begin(), run.state.reports.end(), [](const auto& report) { return !report.succeeded(); });
}

bool all_over(const NodeStatuses& statuses, int node_rank) { return all_others(statuses, node_rank, {"Finished", "Done"}); }

/// Node 0: mpirun ends by itself once the ranks of all nodes have.
void await_own(NodeRun& run) {
  const auto ended = [&] { return run.mpirun->poll().has_value(); };
  const auto over = [](const NodeStatuses& statuses) { return all_over(statuses, 0); };
  if (run.order.node_count > 1 && !wait_for_peers(run, over, ended, run.mpirun->pidfd()) && !ended()) return;  // a stop was asked for
  const auto how = run.mpirun->wait(kExitTime);
  if (!how) {
    run.warnings.add(fmt::format("mpirun still ran {} s after its last rank had ended, and was ended", kExitTime.count()));
    run.leftovers_until = run.system_clock.steady();
  } else if (how->exit_code != 0) {
    model::RankReport report =
        report_of_mpirun(run.order.node_rank, *how, run.clock.now(), tail_of_log(run.folder.rank_log(launch::kMpirunLog)));
    report.stopped_by_us = run.stop.is_asked();
    run.state.reports.push_back(std::move(report));
  }
}

/// Another node: its daemon of mpirun's has to live until the ranks of all nodes have ended, which node 0 tells.
void await_node_0(NodeRun& run) {
  run.messenger->post(
      "the end of the ranks", [server = run.server.get(), reports = run.state.reports] { return server->finished(reports); },
      Messenger::WhenRefused::stop);
  const auto over = [](const NodeStatuses& statuses) { return statuses.front() == "Finished" || statuses.front() == "Done"; };
  wait_for_peers(run, over, [] { return false; });
  run.leftovers_until = run.system_clock.steady() + kDaemonsTime;
}

}  // namespace

Result<void> await_mpirun(NodeRun& run) {
  if (!run.ranks || !run.is_mpi() || run.was_asked_to_end || has_failed(run)) return {};
  if (run.mpirun)
    await_own(run);
  else
    await_node_0(run);
  if (run.stop.is_asked()) run.leftovers_until = run.system_clock.steady();
  return {};
}

}  // namespace muster::runner::steps
