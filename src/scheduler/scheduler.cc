#include "scheduler/scheduler.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/log.h"
#include "scheduler/scheduler_impl.h"
#include "scheduler/work_order.h"
#include "store/compute_targets.h"
#include "store/run_attempts.h"
#include "store/runs.h"
#include "store/workspaces.h"

namespace muster::scheduler {

namespace {

/// Of a run that has ended, reports are heard no more; only one that repeats what had been heard is acknowledged.
Result<void> acknowledge(const model::Run& run, const NodeId& node) {
  if (!model::has_ended(run.status)) return {};
  const auto is_done = [&](const model::RunNode& one) { return one.node_rank == node.node_rank && one.status == model::NodeStatus::done; };
  if (std::any_of(run.nodes.begin(), run.nodes.end(), is_done)) return {};
  return fail(Code::conflict, "run {} has ended: it is {}", run.run_id, model::to_string(run.status));
}

}  // namespace

std::unique_ptr<Scheduler> Scheduler::create(SchedulerOptions options, store::Store& store, store::LogStore& logs, store::Changes& changes,
                                             const Clock& clock, const engine::Registry& engines) {
  return std::make_unique<SchedulerImpl>(std::move(options), store, logs, changes, clock, engines);
}

SchedulerImpl::SchedulerImpl(SchedulerOptions options, store::Store& store, store::LogStore& logs, store::Changes& changes,
                             const Clock& clock, const engine::Registry& engines)
    : options_(std::move(options)),
      store_(store),
      logs_(logs),
      changes_(changes),
      clock_(clock),
      targets_([this](const std::string& kind) { return calls_->pool(kind); }),
      environments_(options_.home / "environments") {
  folders_ = std::make_unique<RunFolders>(
      options_.home / "runs", store_,
      [this](std::chrono::milliseconds delay, std::function<void()> task) { thread_.post_after(delay, std::move(task)); }, remove_tree);
  calls_ = std::make_unique<EngineCalls>(engines, engine_listener(), store_,
                                         [this](std::function<void()> task) { thread_.post(std::move(task)); });
  preparer_ = std::make_unique<EnvironmentPreparer>(preparer_callbacks(), logs_, clock_);
}

SchedulerImpl::~SchedulerImpl() {
  // Its tasks use the others, whose threads post to it: it stops first, is there for them to post to, and goes last.
  thread_.stop();
  calls_->stop(options_.engine_patience);
  calls_.reset();
  folders_->stop(options_.engine_patience);
  folders_.reset();
  preparer_.reset();
  door_->close();  // what the writer still has to do for us is left: the next server finds the runs as they were stored
}

std::shared_ptr<const model::Run> SchedulerImpl::active(const std::string& run_id) const {
  std::optional<std::int64_t> queued;
  const auto known = active_.with([&](const ActiveRuns& all) -> std::shared_ptr<const model::Run> {
    if (const auto at = all.queued.find(run_id); at != all.queued.end()) queued = at->second.key;
    const auto at = all.runs.find(run_id);
    return at == all.runs.end() ? nullptr : at->second;
  });
  if (!queued) return known;
  const auto found =
      store_.read([&](store::Session& session) -> Result<std::optional<model::Run>> { return store::runs::find(session, *queued); });
  if (!found) log::error("scheduler", "{} cannot be read: {}", run_id, found.error().detail);
  return found && *found && !model::has_ended((*found)->status) ? std::make_shared<const model::Run>(**found) : nullptr;
}

void SchedulerImpl::remember(const std::shared_ptr<const model::Run>& run) {
  // An engine that grants nodes itself has the run in no queue of ours.
  const bool is_queued = run->status == model::RunStatus::queued && !targets_.engine_grants_nodes(target_of(*run));
  active_.with([&](ActiveRuns& all) {
    if (is_queued)
      all.queued.insert_or_assign(run->run_id, QueuedRun{run->key, run->attempt});
    else
      all.queued.erase(run->run_id);
    if (is_queued || model::has_ended(run->status))
      all.runs.erase(run->run_id);
    else
      all.runs.insert_or_assign(run->run_id, run);
  });
}

bool SchedulerImpl::is_queued(const std::string& run_id, int attempt) const {
  return active_.with([&](const ActiveRuns& all) {
    if (const auto at = all.queued.find(run_id); at != all.queued.end()) return at->second.attempt == attempt;
    const auto at = all.runs.find(run_id);
    return at != all.runs.end() && at->second->attempt == attempt && at->second->status == model::RunStatus::queued;
  });
}

void SchedulerImpl::submitted(std::int64_t run_key) {
  thread_.post([this, run_key] { apply_until_stored(run_key, 0, Submitted{}); });
}

Result<model::Run> SchedulerImpl::cancel(std::int64_t run_key, const std::string& reason, bool force) {
  const CancelAsked event{reason.empty() ? "canceled" : reason, force, (options_.home / "runs").string()};
  MUSTER_TRY_ASSIGN(const Step applied, apply(run_key, 0, event));
  const bool repeated = force && applied.run.status == model::RunStatus::canceled;
  if (!applied.changed && model::has_ended(applied.run.status) && !repeated) {
    return fail(Code::conflict, "run {} has ended already: it is {}", applied.run.run_id, model::to_string(applied.run.status));
  }
  return applied.run;
}

void SchedulerImpl::target_changed(const std::string& workspace, const std::string& name) {
  const auto target = store_.read([&](store::Session& session) -> Result<std::optional<model::ComputeTarget>> {
    const auto space = store::workspaces::find(session, workspace);
    return space ? store::compute_targets::find(session, space->key, name) : std::nullopt;
  });
  if (!target) {
    log::error("scheduler", "compute target {}: {}", name, target.error().detail);
  } else if (*target) {
    const std::vector<std::string> moved = targets_.define(**target, steady_us());
    thread_.post([this, workspace, name, moved] {
      for (const std::string& run_id : moved) {
        enqueue_again(run_id);
      }
      dispatch({workspace, name});
      watch_targets();
    });
  } else {
    targets_.forget({workspace, name});
  }
}

TargetStatus SchedulerImpl::target_status(const std::string& workspace, const std::string& name) {
  const TargetName target{workspace, name};
  const auto definition = targets_.definition(target);
  TargetStatus status{definition ? calls_->status(definition->engine, target) : engine::TargetStatus{}, targets_.queued_runs(target)};
  if (targets_.engine_grants_nodes(target)) {
    status.queued_runs = static_cast<int>(active_.with([&](const ActiveRuns& all) {
      return std::count_if(all.runs.begin(), all.runs.end(), [&](const auto& one) {
        return target_of(*one.second) == target && one.second->status == model::RunStatus::queued;
      });
    }));
  }
  // Idle times are counted by a monotonic clock; people read the wall's.
  status.allocation_state_since = clock_.now_us() - (steady_us() - status.allocation_state_since);
  // A cluster manager's engine knows nothing of a target that has had no run.
  if (definition && targets_.engine_grants_nodes(target))
    status.allocation_state_since = std::max(status.allocation_state_since, definition->created_at);
  return status;
}

Result<CheckedIn> SchedulerImpl::check_in(const engine::AttemptId& attempt, const CheckIn& arrival) {
  const NodeCheckedIn event{arrival.node, arrival.address, arrival.port, arrival.pid, arrival.host};
  MUSTER_TRY_ASSIGN(const Step applied, apply(NodeId{attempt.run_id, attempt.attempt, 0}, event));
  const model::Run& run = applied.run;
  if (model::has_ended(run.status)) return fail(Code::conflict, "run {} has ended: it is {}", run.run_id, model::to_string(run.status));
  const model::RunNode* node = node_of_key(run, arrival.node);
  if (node == nullptr) return fail(Code::not_found, "run {} has no node '{}'", run.run_id, arrival.node);
  targets_.heard_from(run, node->node_rank, steady_us());
  heartbeats_.with([&](Heartbeats& beats) { beats.heard(run.run_id, node->node_rank, clock_.steady()); });
  CheckedIn answer{node->node_rank, still_to_check_in(run)};
  if (!arrival.salvage && (answer.waiting_for > 0 || stop_reason(run))) return answer;
  auto prepared = prepared_for(run);
  // Who collects what a lost runner left starts nothing in it.
  if (!prepared && arrival.salvage) prepared.emplace(environment::Prepared{});
  MUSTER_TRY(prepared);
  answer.order = work_order(run, node->node_rank, *prepared, tokens_.token(TokenHolder::job, run.run_id, run.attempt));
  return answer;
}

Result<std::optional<StopOrder>> SchedulerImpl::heartbeat(const NodeId& node, Heartbeat beat) {
  const auto run = active(node.run_id);
  if (!run || run->attempt != node.attempt) return fail(Code::conflict, "attempt {} of run {} is over", node.attempt, node.run_id);
  heartbeats_.with([&](Heartbeats& beats) { beats.heard(node.run_id, node.node_rank, clock_.steady()); });
  beat.waits.node_rank = node.node_rank;
  note_disk(*run, beat.waits);
  if (beat.ran) correct_duration(*run, *beat.ran);
  if (const auto reason = stop_reason(*run)) return StopOrder{reason->code, reason->reason, run->spec.grace_seconds};
  return std::nullopt;
}

Result<void> SchedulerImpl::started(const NodeId& node, TimeUs first_rank_at) {
  MUSTER_TRY_ASSIGN(const Step applied, apply(node, RanksStarted{node.node_rank, first_rank_at}));
  thread_.post([this, run = applied.run, now = clock_.now_us()] { watch_duration(run, now, false); });
  return {};
}

Result<void> SchedulerImpl::rank_failed(const NodeId& node, const model::RankReport& report) {
  model::RankReport placed = report;
  placed.node_rank = node.node_rank;
  MUSTER_TRY(apply(node, RankFailed{placed}));
  return {};
}

Result<void> SchedulerImpl::finished(const NodeId& node, const std::vector<model::RankReport>& reports) {
  std::vector<model::RankReport> placed = reports;
  for (model::RankReport& report : placed) report.node_rank = node.node_rank;
  MUSTER_TRY_ASSIGN(const Step applied, apply(node, RanksFinished{node.node_rank, placed}));
  return acknowledge(applied.run, node);
}

Result<void> SchedulerImpl::done(const NodeId& node, const std::vector<std::string>& warnings, const Json& resolved_environment,
                                 const NotKept& not_kept) {
  MUSTER_TRY_ASSIGN(const Step applied,
                    apply(node, NodeDone{node.node_rank, warnings, not_kept}, [&](store::Session& session, const model::Run& run) {
                      if (node.node_rank == 0 && !resolved_environment.is_null()) {
                        store::run_attempts::set_resolved_environment(session, run.key, node.attempt, resolved_environment);
                      }
                    }));
  return acknowledge(applied.run, node);
}

}  // namespace muster::scheduler
