// The nodes of an attempt: started, stopped, killed, salvaged, and what is left of them.

#include <fmt/format.h>

#include "base/log.h"
#include "scheduler/scheduler_impl.h"
#include "store/run_attempts.h"

namespace muster::scheduler {
namespace {

/// For a polite stop beyond the ranks' own grace, before everything of the attempt is killed.
constexpr std::chrono::seconds kStopMargin{20};
constexpr int kMostKills = 3;
/// Of a start: the machine is short of something that comes back.
bool passes(Code code) { return code == Code::unavailable || code == Code::disk_full || code == Code::storage_failed; }

}  // namespace

engine::Attempt SchedulerImpl::attempt_of(const model::Run& run, bool salvage) const {
  engine::Attempt attempt;
  attempt.id = {run.run_id, run.attempt};
  const TargetName target = target_of(run);
  if (auto defined = targets_.definition(target))
    attempt.target = std::move(*defined);
  else
    attempt.target.name = target.second;
  attempt.node_count = run.spec.node_count;
  attempt.of_node.time_limit = std::chrono::seconds(run.spec.max_run_duration_seconds);
  attempt.grace = std::chrono::seconds(run.spec.grace_seconds);
  if (!targets_.engine_grants_nodes(target)) {
    for (const model::RunNode& node : run.nodes) attempt.granted.push_back({node.host, node.gpus});
  }
  attempt.command = {
      options_.runner_binary.string(),     "runner", "--run",     run.run_id, "--attempt", std::to_string(run.attempt), "--nodes",
      std::to_string(run.spec.node_count), "--url",  options_.url};
  for (const int port : run.taken_ports) attempt.command.insert(attempt.command.end(), {"--avoid-port", std::to_string(port)});
  if (salvage) attempt.command.emplace_back("--salvage");
  attempt.variables[model::kRunnerTokenVariable] = tokens_.token(TokenHolder::runner, run.run_id, run.attempt);
  attempt.variables[model::kRunnerProofKeyVariable] = tokens_.proof_key(run.run_id, run.attempt);
  attempt.scratch = options_.home;
  attempt.log_folder = folders_->folder_of(run.run_id, run.attempt);
  return attempt;
}

void SchedulerImpl::start_nodes(const model::Run& run) {
  calls_->start(run, attempt_of(run, false), [this, run](const Result<void>& outcome) { start_answered(run, outcome); });
}

void SchedulerImpl::start_answered(const model::Run& run, const Result<void>& outcome) {
  if (!outcome && passes(outcome.error().code)) return put_off_start(run, outcome.error().detail);
  put_off_.erase(run.run_id);
  if (!outcome) {
    const auto clean = [this, id = engine::AttemptId{run.run_id, run.attempt}](const Step&) { folders_->clean(id); };
    apply_until_stored(run.key, run.attempt, AttemptFailed{{"start_failed", outcome.error().detail, {}, {}, {}, "", "", ""}}, clean);
    return;
  }
  const auto now = active(run.run_id);
  if (!now || now->attempt != run.attempt) return kill_nodes(run, std::nullopt);  // it was ended while the engine was starting it
  // A cancel may have come when there was nothing yet to stop.
  if (stop_reason(*now)) stop_nodes(*now);
}

/// Processes, descriptors and memory come back, and so does the disk: the run keeps its nodes and is tried again, each time after longer.
void SchedulerImpl::put_off_start(const model::Run& run, const std::string& why) {
  apply_later(run.key, run.attempt, PutOff{why}, [run_id = run.run_id, why](const Result<Step>& applied) {
    if (!applied || applied->changed) log::warning("scheduler", "{} cannot be started now: {}", run_id, why);
  });
  PutOffStart& put_off = put_off_[run.run_id];
  put_off.waits = true;
  const auto now = active(run.run_id);
  if (now && stop_reason(*now)) return end_before_start(run);
  thread_.post_after(delay_after(put_off.tries++), [this, run] {
    const auto at = put_off_.find(run.run_id);
    if (at == put_off_.end() || !at->second.waits) return;
    at->second.waits = false;
    const auto still = active(run.run_id);
    if (still && still->attempt == run.attempt && !stop_reason(*still)) return start_nodes(*still);
    put_off_.erase(at);
  });
}

/// Of a run that is to end before the engine could start it.
void SchedulerImpl::end_before_start(const model::Run& run) {
  put_off_.erase(run.run_id);
  lose_nodes(run);
}

void SchedulerImpl::lose_nodes(const model::Run& run) {
  for (const model::RunNode& node : run.nodes)
    lose_node({run.run_id, run.attempt}, {node.node_rank, {engine::GoneKind::killed, "it was never started", "", true}});
}

void SchedulerImpl::salvage_node(const model::Run& run, int node_rank, int tries) {
  // The silence was the lost runner's.
  heartbeats_.with([&](Heartbeats& beats) { beats.heard(run.run_id, node_rank, clock_.steady()); });
  const std::string key = run.nodes.at(static_cast<std::size_t>(node_rank)).key;
  calls_->restart(run, attempt_of(run, true), key, [this, run, node_rank, tries](const Result<void>& outcome) {
    if (outcome) return;
    const bool waits = passes(outcome.error().code);
    if (!waits || tries == 0)
      log::error("scheduler", "{}: node {} could not be salvaged: {}", run.run_id, node_rank, outcome.error().detail);
    thread_.post_after(delay_after(waits ? tries : 2), [this, run, node_rank, tries, waits, why = outcome.error().detail] {
      if (!waits) return lose_node({run.run_id, run.attempt}, {node_rank, {engine::GoneKind::killed, why, "", true}});
      const auto now = active(run.run_id);
      if (now && now->attempt == run.attempt) salvage_node(*now, node_rank, tries + 1);
    });
  });
}

void SchedulerImpl::stop_nodes(const model::Run& run) {
  const auto now = active(run.run_id);
  if (!now || now->attempt != run.attempt) return;
  if (const auto at = put_off_.find(run.run_id); at != put_off_.end() && at->second.waits) return end_before_start(*now);
  const auto kill_the_rest = [this, run] {
    const auto late = active(run.run_id);
    if (!late || late->attempt != run.attempt) return;
    std::vector<std::string> nodes;
    for (const model::RunNode& node : late->nodes) {
      if (node.status == model::NodeStatus::starting || node.status == model::NodeStatus::running) nodes.push_back(node.key);
    }
    if (nodes.empty()) return;
    log::warning("scheduler", "{}: the ranks of {} nodes did not end in time; killing them", run.run_id, nodes.size());
    kill_nodes(*late, nodes);
  };
  calls_->stop(run, std::nullopt, engine::StopHow::polite, [this, run, kill_the_rest](const Result<void>& outcome) {
    if (!outcome) log::error("scheduler", "stopping {}: {}", run.run_id, outcome.error().detail);
    thread_.post_after(std::chrono::seconds(run.spec.grace_seconds) + kStopMargin, kill_the_rest);
  });
}

void SchedulerImpl::kill_nodes(const model::Run& run, const EngineCalls::Nodes& nodes, const std::function<void()>& then) {
  kill_nodes(run, nodes, then, EngineCalls::as_started_now(), 0);
}

void SchedulerImpl::kill_nodes(const model::Run& run, const EngineCalls::Nodes& nodes, const std::function<void()>& then,
                               const EngineCalls::Meant& meant, int tries) {
  const auto answered = [this, run, nodes, then, meant, tries](const Result<void>& outcome) {
    if (!outcome) log::error("scheduler", "killing {}: {}", run.run_id, outcome.error().detail);
    // What follows counts on nothing being left. A process that no kill reaches (in the kernel, for a device) is waited for so long and no
    // longer; a machine that is short of something, until it is not.
    if (!outcome && (outcome.error().code == Code::unavailable || tries < kMostKills)) {
      thread_.post_after(delay_after(tries + 2),
                         [this, run, nodes, then, meant, tries] { kill_nodes(run, nodes, then, meant, tries + 1); });
      return;
    }
    if (then) then();
  };
  calls_->stop(run, nodes, engine::StopHow::kill, answered, meant);
}

void SchedulerImpl::end_by_force(const model::Run& run) {
  folders_->keep(run);
  kill_nodes(run, std::nullopt, [this, run] { release_killed(run); });
}

/// The nodes are given back once it is stored that nothing is left on them: the next server would take them for this run's otherwise.
void SchedulerImpl::release_killed(const model::Run& run) {
  const auto note = [key = run.key, attempt = run.attempt](store::Session& session) -> Result<void> {
    store::run_attempts::set_to_kill(session, key, attempt, false);
    return {};
  };
  const auto noted = [this, run](const Result<void>& stored) {
    if (stored) {
      folders_->clean({run.run_id, run.attempt});
      return release(run);
    }
    log::warning("scheduler", "{}: {}", run.run_id, stored.error().detail);
    thread_.post_after(std::chrono::seconds(2), [this, run] { release_killed(run); });
  };
  store_.write_later(note, [this, door = door_, noted](const Result<void>& stored) {
    door->pass([&] { thread_.post([noted, stored] { noted(stored); }); });
  });
}

engine::Listener SchedulerImpl::engine_listener() {
  engine::Listener listener;
  listener.waiting = [this](const engine::AttemptId& id, const std::string& reason) { heard(id, WaitingForNodes{reason}); };
  listener.nodes_coming = [this](const engine::AttemptId& id) { heard(id, NodesComing{}); };
  listener.nodes_there = [this](const engine::AttemptId& id, const std::vector<engine::Node>& nodes) {
    heard(id, NodesThere{nodes}, [this, id](const Step&) { watch_start(id.run_id, id.attempt); });
  };
  listener.node_gone = [this](const engine::AttemptId& id, const std::string& key, const engine::Gone& how) { node_gone(id, key, how); };
  return listener;
}

void SchedulerImpl::heard(const engine::AttemptId& id, const Event& event, const std::function<void(const Step&)>& then) {
  const auto run = active(id.run_id);
  if (run && run->attempt == id.attempt) apply_until_stored(run->key, id.attempt, event, then);
}

void SchedulerImpl::node_gone(const engine::AttemptId& id, const std::string& key, const engine::Gone& how) {
  if (key.empty()) return heard(id, AttemptGone{how});
  const auto run = active(id.run_id);
  if (!run || run->attempt != id.attempt) {
    folders_->clean(id);
    return;
  }
  // Which of its nodes that is may be about to be stored.
  lose_node_until_stored(id, run->key, {0, how, key});
}

void SchedulerImpl::lose_node(const engine::AttemptId& id, const NodeGone& gone) {
  if (const auto run = active(id.run_id)) return lose_node_until_stored(id, run->key, gone);
  folders_->clean(id);
}

void SchedulerImpl::lose_node_until_stored(const engine::AttemptId& id, std::int64_t run_key, const NodeGone& gone) {
  apply_later(run_key, id.attempt, gone, [this, id, run_key, gone](const Result<Step>& applied) {
    if (applied) {
      if (model::has_ended(applied->run.status) || applied->run.attempt != id.attempt) folders_->clean(id);
      return;
    }
    if (applied.error().code == Code::conflict) return folders_->clean(id);  // that attempt is over
    log::error("scheduler", "{}: a node is gone ({}): {}", id.run_id, gone.how.words, applied.error().detail);
    if (applied.error().code == Code::not_found) return;
    thread_.post_after(std::chrono::seconds(2), [this, id, run_key, gone] { lose_node_until_stored(id, run_key, gone); });
  });
}

}  // namespace muster::scheduler
