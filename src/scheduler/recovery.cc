// A server starts: every run that has not ended is taken up where it stands.

#include "base/log.h"
#include "scheduler/scheduler_impl.h"
#include "store/compute_targets.h"
#include "store/run_attempts.h"
#include "store/runs.h"

namespace muster::scheduler {

Result<void> SchedulerImpl::recover() {
  MUSTER_TRY_ASSIGN(const auto targets, store_.read([](store::Session& session) -> Result<std::vector<model::ComputeTarget>> {
    return store::compute_targets::all(session);
  }));
  for (const model::ComputeTarget& target : targets) targets_.define(target, clock_.now_us());
  MUSTER_TRY_ASSIGN(const auto runs, store_.read([](store::Session& session) -> Result<std::vector<model::Run>> { return store::runs::active(session); }));
  active_.with([&](ActiveRuns& all) {
    for (const model::Run& run : runs) all[run.run_id] = std::make_shared<const model::Run>(run);
  });
  // Nodes first, so that no waiting run is given one that is taken.
  for (const model::Run& run : runs) {
    if (!run.nodes.empty()) targets_.adopt(run, clock_.now_us());
  }
  for (const model::Run& run : runs) take_up(run);
  if (!runs.empty()) log::info("scheduler", "took up {} runs", runs.size());
  thread_.post([this] { watch_heartbeats(); });
  thread_.post([this] { watch_targets(); });
  return {};
}

void SchedulerImpl::take_up(const model::Run& run) {
  using model::RunStatus;
  switch (run.status) {
    case RunStatus::not_started: submitted(run.key); return;
    case RunStatus::preparing:
    case RunStatus::queued: thread_.post([this, run] { desk_->prepare(run); }); return;
    default: break;
  }
  const auto handle = store_.read([&](store::Session& session) -> Result<std::optional<Json>> {
    return store::run_attempts::handle(session, run.key, run.attempt);
  });
  if (!handle) {
    log::error("scheduler", "{} could not be taken up: {}", run.run_id, handle.error().detail);
    return;
  }
  if (!*handle) {
    // The engine's start was never recorded, so nothing of it ran (the gate): start it now, unless it is to end.
    thread_.post([this, run] {
      if (!stop_reason(run)) {
        start_nodes(run);
        return;
      }
      for (const model::RunNode& node : run.nodes) node_gone({run.run_id, run.attempt}, node.node_rank, "it was never started");
    });
    return;
  }
  thread_.post([this, run, handle = **handle] {
    const auto recovered = engine_->recover({run.run_id, run.attempt}, handle);
    if (!recovered) log::error("scheduler", "{}: {}", run.run_id, recovered.error().detail);
    if (stop_reason(run)) stop_nodes(run, engine::StopHow::polite);
    watch_duration(run);
  });
}

}  // namespace muster::scheduler
