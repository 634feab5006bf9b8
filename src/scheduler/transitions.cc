// Events in, states stored, effects carried out.

#include <future>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "scheduler/scheduler_impl.h"
#include "store/run_attempts.h"
#include "store/runs.h"

namespace muster::scheduler {
namespace {

/// In which a rank that truly failed may still tell, after one that only lost its connection has.
constexpr std::chrono::milliseconds kCauseWindow{500};
/// Between two tries to store an event that was refused.
constexpr std::chrono::milliseconds kStoreAgain{1000};

}  // namespace

void SchedulerImpl::write_step(std::int64_t run_key, int attempt, const Event& event, Also also, Applied then) {
  const auto decide = [this, run_key, attempt, event, also = std::move(also)](store::Session& session) -> Result<Step> {
    auto run = store::runs::find(session, run_key);
    if (!run) return fail(Code::not_found, "the run is gone");
    if (attempt != 0 && run->attempt != attempt) {
      return fail(Code::conflict, "attempt {} of run {} is over: it is at attempt {}", attempt, run->run_id, run->attempt);
    }
    Circumstances circumstances;
    circumstances.now = clock_.now_us();
    circumstances.low_priority = targets_.low_priority(target_of(*run));
    circumstances.engine_grants_nodes = targets_.engine_grants_nodes(target_of(*run));
    const std::vector<model::RunNode> stored_nodes = run->nodes;
    Step next = step(std::move(*run), event, circumstances);
    if (next.refusal) return tl::unexpected(*next.refusal);
    if (next.changed) {
      MUSTER_TRY_ASSIGN(next.run.revision, store::runs::update_state(session, next.run, stored_nodes));
    }
    for (const Effect& effect : next.effects) {
      if (effect.kind == EffectKind::kill_nodes) store::run_attempts::set_to_kill(session, next.run.key, next.run.attempt, true);
    }
    if (also && next.changed) also(session, next.run);
    return next;
  };
  const auto decide_unless_over = [door = door_, decide](store::Session& session) {
    Result<Step> next = fail(Code::unavailable, "the server is ending");
    door->pass([&] { next = decide(session); });
    return next;
  };
  store_.write_later(decide_unless_over, [this, door = door_, then = std::move(then)](const Result<Step>& stored) {
    door->pass([&] {
      if (stored) follow_up(*stored);
    });
    then(stored);
  });
}

void SchedulerImpl::follow_up(const Step& stored) {
  const auto run = std::make_shared<const model::Run>(stored.run);
  if (stored.changed) unstored_.stored();
  remember(run);
  if (!stored.changed) return;
  changes_.notify(run->key);
  for (const Effect& effect : stored.effects) thread_.post([this, run, effect] { carry_out(*run, effect); });
}

void SchedulerImpl::conclude(std::int64_t run_key, const Event& event, const Result<Step>& stored) {
  if (!stored)
    show_unstored(run_key, event, stored.error());
  else if (stored->changed && model::has_ended(stored->run.status))
    close_ended(stored->run);
}

void SchedulerImpl::close_ended(const model::Run& run) {
  const auto sealed = logs_.complete_all(run.uuid, run.attempt);
  if (!sealed) log::warning("scheduler", "{}: {}", run.run_id, sealed.error().detail);
  log::info("scheduler", "{} is {}", run.run_id, model::to_string(run.status));
  changes_.notify(run.key);
}

Result<Step> SchedulerImpl::apply(std::int64_t run_key, int attempt, const Event& event, const Also& also) {
  const auto answer = std::make_shared<std::promise<Result<Step>>>();
  write_step(run_key, attempt, event, also, [answer](const Result<Step>& stored) { answer->set_value(stored); });
  Result<Step> stored = answer->get_future().get();
  conclude(run_key, event, stored);
  return stored;
}

void SchedulerImpl::apply_later(std::int64_t run_key, int attempt, const Event& event, Applied then, Also also) {
  write_step(run_key, attempt, event, std::move(also),
             [this, door = door_, run_key, event, then = std::move(then)](const Result<Step>& stored) {
               door->pass([&] {
                 thread_.post([this, run_key, event, then, stored] {
                   conclude(run_key, event, stored);
                   if (then) then(stored);
                 });
               });
             });
}

void SchedulerImpl::show_unstored(std::int64_t run_key, const Event& event, const Error& error) {
  const auto run =
      store_.read([&](store::Session& session) -> Result<std::optional<model::Run>> { return store::runs::find(session, run_key); });
  if (!run || !*run) return;
  unstored_.refused(**run, event, error, clock_.steady());
  changes_.notify(run_key);
}

Result<Step> SchedulerImpl::apply(const NodeId& node, const Event& event, const Also& also) {
  std::int64_t key = 0;
  if (const auto run = active(node.run_id)) {
    key = run->key;
  } else {
    const auto found = store_.read([&](store::Session& session) -> Result<std::int64_t> {
      const auto ended = store::runs::find_brief_by_name(session, node.run_id);
      if (!ended) return fail(Code::not_found, "there is no run named {}", node.run_id);
      return ended->key;
    });
    if (!found) return tl::unexpected(found.error());
    key = *found;
  }
  return apply(key, node.attempt, event, also);
}

void SchedulerImpl::apply_until_stored(std::int64_t run_key, int attempt, const Event& event, const std::function<void(const Step&)>& then,
                                       const Also& also, int tries) {
  const auto answered = [this, run_key, attempt, event, then, also, tries](const Result<Step>& applied) {
    if (applied) {
      if (tries > 0) log::info("scheduler", "{}: stored at last, after {} tries", applied->run.run_id, tries + 1);
      if (then) then(*applied);
      return;
    }
    if (applied.error().code == Code::not_found || applied.error().code == Code::conflict) {
      log::info("scheduler", "run {}: {}", run_key, applied.error().detail);
      return;
    }
    if (tries == 0)
      log::error("scheduler", "run {}: what happened to it cannot be stored, and is tried again until it can: {}", run_key,
                 applied.error().detail);
    thread_.post_after(kStoreAgain, [this, run_key, attempt, event, then, also, tries] {
      apply_until_stored(run_key, attempt, event, then, also, tries + 1);
    });
  };
  apply_later(run_key, attempt, event, answered, also);
}

void SchedulerImpl::carry_out(const model::Run& run, const Effect& effect) {
  switch (effect.kind) {
    case EffectKind::prepare_environment: prepare_environment(run); break;
    case EffectKind::enqueue: enqueue(run); break;
    case EffectKind::leave_queue:
      targets_.leave(run);
      preparer_->abandon(run.key);
      break;
    case EffectKind::start_nodes: start_nodes(run); break;
    case EffectKind::stop_nodes: stop_nodes(run); break;
    case EffectKind::stop_nodes_soon: thread_.post_after(kCauseWindow, [this, run] { stop_nodes(run); }); break;
    case EffectKind::salvage_node: salvage_node(run, effect.node_rank); break;
    case EffectKind::kill_nodes: end_by_force(run); break;
    case EffectKind::release_nodes: release(run); break;
  }
}

void SchedulerImpl::enqueue(const model::Run& run) {
  const auto waits = [&] { return is_queued(run.run_id, run.attempt) && !granted_.contains(run.key); };
  if (!waits()) return;                                 // it was canceled meanwhile, and has left the queue; or it has its nodes
  if (!targets_.enqueue(run)) return start_nodes(run);  // the engine has it from here, and says what it waits for
  dispatch(target_of(run));
  if (!waits()) return;
  // Only what is shown; the queue itself is in memory and made anew from the runs after a restart.
  const auto note = [key = run.key, words = targets_.waiting_words(run)](store::Session& session) -> Result<bool> {
    auto stored = store::runs::find(session, key);
    if (!stored || stored->status != model::RunStatus::queued || stored->status_detail == words) return false;
    stored->status_detail = words;
    MUSTER_TRY_ASSIGN(stored->revision, store::runs::update_state(session, *stored, stored->nodes));
    return true;
  };
  store_.write_later(note, [this, door = door_, key = run.key, run_id = run.run_id](const Result<bool>& noted) {
    if (!noted) log::warning("scheduler", "{}: {}", run_id, noted.error().detail);
    door->pass([&] { changes_.notify(key); });
  });
}

void SchedulerImpl::dispatch(const TargetName& target) {
  while (const auto granted = targets_.grant_next(target, steady_us())) {
    NodesGranted event;
    for (const engine::GrantedNode& node : granted->nodes) {
      event.node_ids.push_back(node.name);
      event.gpus.push_back(node.gpus);
    }
    granted_.insert(granted->run_key);
    apply_later(granted->run_key, 0, event, [this, target, key = granted->run_key, id = granted->run_id](const Result<Step>& applied) {
      grant_answered(target, key, id, applied);
    });
  }
}

void SchedulerImpl::grant_answered(const TargetName& target, std::int64_t run_key, const std::string& run_id, const Result<Step>& applied) {
  granted_.erase(run_key);
  if (applied && applied->changed) return;
  // Canceled in the meantime, or the disk is full: the nodes are free again, and the run is looked at once more.
  model::Run run;
  run.run_id = run_id;
  run.key = run_key;
  run.workspace = target.first;
  run.spec.compute_target = target.second;
  targets_.release(run, steady_us());
  if (applied || applied.error().code == Code::not_found) return dispatch(target);
  log::error("scheduler", "{} could not be given its nodes: {}", run_id, applied.error().detail);
  thread_.post_after(std::chrono::seconds(2), [this, run_id] { enqueue_again(run_id); });
}

void SchedulerImpl::enqueue_again(const std::string& run_id) {
  if (const auto run = active(run_id)) {
    if (run->status == model::RunStatus::queued) enqueue(*run);
    return;
  }
  const bool waits = active_.with([&](const ActiveRuns& all) { return all.queued.contains(run_id); });
  // It could not be read now.
  if (waits) thread_.post_after(kStoreAgain, [this, run_id] { enqueue_again(run_id); });
}

void SchedulerImpl::release(const model::Run& run) {
  targets_.release(run, steady_us());
  heartbeats_.with([&](Heartbeats& beats) { beats.keep_only([&](const std::string& run_id) { return run_id != run.run_id; }); });
  timed_runs_.with([&](auto& runs) { runs.erase(attempt_name(run)); });
  dispatch(target_of(run));
  for (const TargetName& name : targets_.waiting_for_others()) dispatch(name);
  watch_targets();
}

void SchedulerImpl::note_disk(const model::Run& run, const WaitsForDisk& wait) {
  // Heartbeats are many: most are over here, and the rest are stored only when they change something.
  if (wait.what.empty() && !tells_of_disk(run)) return;
  if (!step(run, wait, {}).changed) return;
  const auto applied = apply(run.key, run.attempt, wait);
  if (!applied)
    log::warning("scheduler", "{}: node {} waits for the disk, which could not be noted: {}", run.run_id, wait.node_rank,
                 applied.error().detail);
  else if (applied->changed && !wait.what.empty())
    log::warning("scheduler", "{}: {}", run.run_id, applied->run.status_detail);
  else if (applied->changed)
    log::info("scheduler", "{}: node {} waits no more for the disk", run.run_id, wait.node_rank);
}

EnvironmentPreparer::Callbacks SchedulerImpl::preparer_callbacks() {
  EnvironmentPreparer::Callbacks callbacks;
  callbacks.find = [this](const model::EnvironmentDefinition& definition) -> EnvironmentPreparer::Found {
    MUSTER_TRY_ASSIGN(environment::Plan plan, environments_.plan(definition));
    MUSTER_TRY_ASSIGN(auto prepared, environments_.find(plan));
    return EnvironmentPreparer::Lookup{std::move(plan), std::move(prepared)};
  };
  callbacks.build = [this](const environment::Plan& plan, const std::function<void(std::string_view)>& on_log,
                           const std::function<bool()>& canceled) { return environments_.prepare(plan, on_log, canceled); };
  callbacks.ready = [this](std::int64_t run_key, const Result<environment::Prepared>& prepared) { environment_ready(run_key, prepared); };
  callbacks.put_off = [this](std::int64_t run_key, const std::string& why) {
    apply_later(run_key, 0, PutOff{why}, [run_key](const Result<Step>& applied) {
      if (!applied) log::warning("scheduler", "run {}: {}", run_key, applied.error().detail);
    });
  };
  callbacks.after = [this](std::chrono::milliseconds delay, std::function<void()> task) { thread_.post_after(delay, std::move(task)); };
  return callbacks;
}

void SchedulerImpl::environment_ready(std::int64_t run_key, const Result<environment::Prepared>& prepared) {
  if (!prepared) {
    const Error& error = prepared.error();
    model::RunError cause;
    cause.code = "environment_error";
    cause.message = error.hint.empty() ? error.detail : fmt::format("{} ({})", error.detail, error.hint);
    cause.log = environment::kBuildLog;
    apply_until_stored(run_key, 0, AttemptFailed{cause});
    return;
  }
  environment_ready(run_key, prepared->hash, to_json(*prepared));
}

void SchedulerImpl::prepare_environment(const model::Run& run) {
  const auto target = targets_.definition(target_of(run));
  if (!target || calls_->capabilities(target->engine).shares_disk) return preparer_->prepare(run);
  environment_ready(run.key, "", Json());
}

void SchedulerImpl::environment_ready(std::int64_t run_key, const std::string& hash, const Json& kept) {
  const auto take_its_place = [this](const Step& applied) {
    // It was Queued before a restart: only its place in the queue was lost.
    if (!applied.changed && applied.run.status == model::RunStatus::queued) thread_.post([this, run = applied.run] { enqueue(run); });
  };
  const auto keep = [kept](store::Session& session, const model::Run& run) {
    store::run_attempts::set_prepared(session, run.key, run.attempt, kept);
  };
  apply_until_stored(run_key, 0, EnvironmentReady{hash}, take_its_place, keep);
}

Result<std::optional<environment::Prepared>> SchedulerImpl::prepared_for(const model::Run& run) {
  MUSTER_TRY_ASSIGN(const auto kept, store_.read([&](store::Session& session) -> Result<std::optional<Json>> {
    return store::run_attempts::prepared(session, run.key, run.attempt);
  }));
  if (kept && kept->is_null()) return std::nullopt;
  if (kept) return environment::prepared_from_json(*kept);
  return fail(Code::conflict, "the environment that run {} was queued with is gone; submit it again", run.run_id);
}

}  // namespace muster::scheduler
