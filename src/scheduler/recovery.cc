// A server starts: every run that has not ended is taken up where it stands.

#include "base/log.h"
#include "base/plural.h"
#include "scheduler/scheduler_impl.h"
#include "store/compute_targets.h"
#include "store/run_attempts.h"
#include "store/runs.h"

namespace muster::scheduler {

Result<void> SchedulerImpl::recover() {
  MUSTER_TRY_ASSIGN(const auto targets, store_.read([](store::Session& session) -> Result<std::vector<model::ComputeTarget>> {
    return store::compute_targets::all(session);
  }));
  for (const model::ComputeTarget& target : targets) (void)targets_.define(target, steady_us());
  MUSTER_TRY_ASSIGN(const auto runs, store_.read([](store::Session& session) -> Result<std::vector<model::Run>> {
    return store::runs::active_jobs(session);
  }));
  MUSTER_TRY_ASSIGN(const auto to_kill, store_.read([](store::Session& session) -> Result<std::vector<model::Run>> {
    std::vector<model::Run> found;
    for (const std::int64_t key : store::run_attempts::runs_to_kill(session)) {
      if (auto run = store::runs::find(session, key)) found.push_back(std::move(*run));
    }
    return found;
  }));
  for (const model::Run& run : runs) remember(std::make_shared<const model::Run>(run));
  // Nodes first, so that no waiting run is given one that is taken.
  for (const model::Run& run : runs) {
    if (!run.nodes.empty()) targets_.adopt(run, steady_us());
  }
  for (const model::Run& run : to_kill) {
    targets_.adopt(run, steady_us());
    thread_.post([this, run] { end_by_force(run); });
  }
  for (const model::Run& run : runs) take_up(run);
  if (!runs.empty()) log::info("scheduler", "found {} that had not ended, and goes on with them", counted(runs.size(), "run"));
  folders_->clean_all();
  thread_.post([this] { watch_heartbeats(); });
  thread_.post([this] { watch_targets(); });
  return {};
}

void SchedulerImpl::take_up(const model::Run& run) {
  using model::RunStatus;
  switch (run.status) {
    case RunStatus::not_started: submitted(run.key); return;
    case RunStatus::preparing: thread_.post([this, run] { prepare_environment(run); }); return;
    case RunStatus::queued:
      if (targets_.engine_grants_nodes(target_of(run))) break;  // the engine may have it already
      thread_.post([this, run] { prepare_environment(run); });
      return;
    default: break;
  }
  const auto is_started = store_.read(
      [&](store::Session& session) -> Result<bool> { return store::run_attempts::handle(session, run.key, run.attempt).has_value(); });
  if (!is_started) {
    log::error("scheduler", "{} cannot be continued now, and will be tried again: {}", run.run_id, is_started.error().detail);
    thread_.post_after(std::chrono::seconds(2), [this, run] { take_up(run); });
    return;
  }
  if (!*is_started && run.status == RunStatus::queued) {
    thread_.post([this, run] { prepare_environment(run); });
    return;
  }
  if (!*is_started) {
    // The engine's start was never recorded, so nothing of it ran (the gate): start it now, unless it is to end.
    thread_.post([this, run] {
      if (!stop_reason(run)) {
        start_nodes(run);
        return;
      }
      lose_nodes(run);
    });
    return;
  }
  const auto target = targets_.definition(target_of(run));
  const bool start_survives = target && calls_->capabilities(target->engine).start_survives_server;
  if (!start_survives && still_to_check_in(run) > 0 && !stop_reason(run)) {
    // No node had its work order, so no rank has run: whatever is left of the start is ended, and all of it begins anew. The server may
    // have been killed between the storing of the handle and the opening of the gate.
    kill_nodes(run, std::nullopt, [this, run] {
      apply_until_stored(run.key, run.attempt, StartAgain{}, [this](const Step& applied) {
        thread_.post([this, run = applied.run, again = applied.changed] {
          if (again) return start_nodes(run);
          // It was canceled meanwhile: it ends when its nodes are known to be gone.
          const auto now = active(run.run_id);
          if (now && now->attempt == run.attempt) adopt_nodes(*now);
        });
      });
    });
    return;
  }
  thread_.post([this, run] {
    adopt_nodes(run);
    if (stop_reason(run)) stop_nodes(run);
    watch_duration(run, clock_.now_us(), true);
  });
}

void SchedulerImpl::adopt_nodes(const model::Run& run, int tries) {
  calls_->recover(run, [this, run, tries](const Result<void>& outcome) {
    if (outcome) return;
    if (tries == 0) log::error("scheduler", "{}: its nodes cannot be watched now: {}", run.run_id, outcome.error().detail);
    thread_.post_after(delay_after(tries), [this, run, tries] {
      const auto now = active(run.run_id);
      if (now && now->attempt == run.attempt) adopt_nodes(run, tries + 1);
    });
  });
}

}  // namespace muster::scheduler
