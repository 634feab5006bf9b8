#include "scheduler/run_step.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/node_folder_name.h"
#include "scheduler/run_outcome.h"

namespace muster::scheduler {
namespace {

using model::NodeStatus;
using model::Run;
using model::RunNode;
using model::RunStatus;

constexpr std::string_view kFullDiskWords = "the server's disk is full: ";
constexpr std::string_view kBrokenDiskWords = "the server cannot write to its disk: ";

bool all_nodes(const Run& run, std::initializer_list<NodeStatus> statuses) {
  return std::all_of(run.nodes.begin(), run.nodes.end(),
                     [&](const RunNode& node) { return std::find(statuses.begin(), statuses.end(), node.status) != statuses.end(); });
}

std::string who_failed(const model::RankReport& report) {
  return report.rank == model::kLauncherRank ? "mpirun" : fmt::format("rank {} on node {}", report.rank, report.node_rank);
}

void begin_attempt(Run& run, TimeUs now, std::vector<Effect>& effects) {
  ++run.attempt;
  run.nodes.clear();
  run.error.reset();
  run.started_at = 0;
  run.stages = {};
  enter(run, RunStatus::queued, now);
  effects.push_back({EffectKind::release_nodes});
  effects.push_back({EffectKind::enqueue});
}

bool tells_of_silence(const Run& run) { return run.status_detail.starts_with(kSilenceWords); }

bool waits_for_nodes(RunStatus status) {
  return status == RunStatus::not_started || status == RunStatus::preparing || status == RunStatus::queued;
}

}  // namespace

void enter(Run& run, RunStatus status, TimeUs now) {
  const model::Stage* before = model::stage_of(run.status);
  const model::Stage* after = model::stage_of(status);
  run.status = status;
  run.status_detail.clear();
  // A cancel under way keeps the stage that it met open until the run ends.
  if (status == RunStatus::cancel_requested) return;
  if (model::has_ended(status)) run.ended_at = now;
  for (int i = 0; i < model::kStageCount; ++i) {
    model::StageTimes& times = run.stages[static_cast<std::size_t>(i)];
    const bool is_next = after != nullptr && static_cast<int>(*after) == i;
    if (times.started_at != 0 && times.ended_at == 0 && !is_next) times.ended_at = now;
    if (is_next && (before == nullptr || *before != *after || times.started_at == 0)) times = {now, 0};
  }
}

RunNode* node_of(Run& run, int node_rank) {
  const auto at = std::find_if(run.nodes.begin(), run.nodes.end(), [&](const RunNode& node) { return node.node_rank == node_rank; });
  return at == run.nodes.end() ? nullptr : &*at;
}

void conclude(Run& run, const Circumstances& circumstances, std::vector<Effect>& effects) {
  const bool work_was_lost = std::any_of(run.nodes.begin(), run.nodes.end(), lost_work);
  std::optional<model::RunError> error = error_of(run);
  if (run.cancel_asked) {
    run.error.reset();
    enter(run, RunStatus::canceled, circumstances.now);
    run.status_detail = run.cancel_reason;
  } else if (!error) {
    enter(run, RunStatus::completed, circumstances.now);
  } else {
    const auto port = taken_port(run);
    if (port && static_cast<int>(run.taken_ports.size()) < kMostTakenPorts) {
      run.warnings.push_back(fmt::format(
          "attempt {}: another program took port {} (MASTER_PORT) before the ranks could meet there; started again with another port",
          run.attempt, *port));
      run.taken_ports.push_back(*port);
      begin_attempt(run, circumstances.now, effects);
      return;
    }
    const int own_attempts = run.attempt - static_cast<int>(run.taken_ports.size());
    const bool retry =
        own_attempts <= run.spec.max_retries || (work_was_lost && circumstances.low_priority && run.attempt < kMostLowPriorityAttempts);
    if (retry && error->code != "environment_error" && !is_not_kept(*error)) {
      run.warnings.push_back(fmt::format("attempt {} failed ({}); started again", run.attempt, error->message));
      begin_attempt(run, circumstances.now, effects);
      return;
    }
    run.error = std::move(error);
    enter(run, RunStatus::failed, circumstances.now);
  }
  effects.push_back({EffectKind::release_nodes});
}

void look_at_nodes(Run& run, const Circumstances& circumstances, std::vector<Effect>& effects) {
  if (all_nodes(run, {NodeStatus::done}) && circumstances.engine_grants_nodes && ended_unexplained(run)) {
    // A cluster manager asks runners to end before it takes their nodes, and says why afterwards.
    if (run.status != RunStatus::finalizing) enter(run, RunStatus::finalizing, circumstances.now);
    run.status_detail = "its ranks were asked to end; waiting to hear why";
  } else if (all_nodes(run, {NodeStatus::done})) {
    conclude(run, circumstances, effects);
  } else if (all_nodes(run, {NodeStatus::finished, NodeStatus::done}) && run.status != RunStatus::finalizing &&
             run.status != RunStatus::cancel_requested) {
    enter(run, RunStatus::finalizing, circumstances.now);
  } else if (all_nodes(run, {NodeStatus::running, NodeStatus::finished, NodeStatus::done}) && run.status == RunStatus::starting) {
    enter(run, RunStatus::running, circumstances.now);
  }
}

bool RunStep::refuse(Code code, std::string why) const {
  refusal = Error{code, std::move(why), "", {}};
  return false;
}

bool RunStep::refuse_node(int node_rank) const {
  return refuse(Code::not_found, fmt::format("run {} has no node {}", run.run_id, node_rank));
}

bool RunStep::operator()(const Submitted&) const {
  if (run.status != RunStatus::not_started) return false;
  enter(run, RunStatus::preparing, at.now);
  effects.push_back({EffectKind::prepare_environment});
  return true;
}

bool RunStep::operator()(const EnvironmentReady& event) const {
  const bool differs = run.status == RunStatus::queued && run.environment_hash != event.hash;  // looked up again after a restart
  if (run.status != RunStatus::preparing && !differs) return false;
  run.environment_hash = event.hash;
  enter(run, RunStatus::queued, at.now);
  effects.push_back({EffectKind::enqueue});
  return true;
}

bool RunStep::operator()(const AttemptFailed& event) const {
  run.nodes.clear();
  run.error = event.error;
  effects.push_back({EffectKind::leave_queue});
  conclude(run, at, effects);
  return true;
}

bool RunStep::operator()(const RanksStarted& event) const {
  RunNode* node = node_of(run, event.node_rank);
  if (node == nullptr || node->status != NodeStatus::starting) return false;
  node->status = NodeStatus::running;
  if (run.started_at == 0 || event.first_rank_at < run.started_at) run.started_at = event.first_rank_at;
  look_at_nodes(run, at, effects);
  return true;
}

bool RunStep::operator()(const RankFailed& event) const {
  RunNode* node = node_of(run, event.report.node_rank);
  if (node == nullptr || node->status == NodeStatus::finished || node->status == NodeStatus::done) return false;
  const auto known = [&](const auto& report) { return report.rank == event.report.rank; };
  if (std::any_of(node->reports.begin(), node->reports.end(), known)) return false;
  const bool already_stopping = stop_reason(run).has_value();
  node->reports.push_back(event.report);
  if (already_stopping) return true;
  // Why it failed is said when the run has ended, of the rank that was the cause.
  run.status_detail = run.spec.distribution ? fmt::format("{} failed; all ranks are being ended", who_failed(event.report)) : "";
  effects.push_back({only_lost_its_peer(event.report) ? EffectKind::stop_nodes_soon : EffectKind::stop_nodes});
  return true;
}

bool RunStep::operator()(const RanksFinished& event) const {
  RunNode* node = node_of(run, event.node_rank);
  if (node == nullptr) return refuse_node(event.node_rank);
  if (node->status == NodeStatus::finished || node->status == NodeStatus::done) return false;
  const bool was_stopping = stop_reason(run).has_value();
  // What was told before a runner was lost stays; its successor knows only of those that were still running.
  for (const model::RankReport& report : event.reports) {
    const auto known = std::find_if(node->reports.begin(), node->reports.end(), [&](const auto& one) { return one.rank == report.rank; });
    if (known == node->reports.end())
      node->reports.push_back(report);
    else if (node->status != NodeStatus::lost)
      *known = report;
  }
  node->status = NodeStatus::finished;
  if (run.started_at == 0 && !node->reports.empty()) run.started_at = node->reports.front().started_at;
  if (!was_stopping && stop_reason(run)) effects.push_back({EffectKind::stop_nodes});
  look_at_nodes(run, at, effects);
  return true;
}

bool RunStep::operator()(const NodeDone& event) const {
  RunNode* node = node_of(run, event.node_rank);
  if (node == nullptr) return refuse_node(event.node_rank);
  if (node->status == NodeStatus::done) return false;
  if (node->status != NodeStatus::finished)
    return refuse(Code::conflict, fmt::format("node {} is {}: it cannot be done before its ranks have been reported as finished",
                                              event.node_rank, to_string(node->status)));
  node->status = NodeStatus::done;
  if (!event.not_kept.message.empty() && !run.error) {
    model::RunError error;
    error.code = event.not_kept.code;
    error.message = event.not_kept.message;
    error.node_rank = node->node_rank;
    run.error = std::move(error);
  }
  run.warnings.insert(run.warnings.end(), event.warnings.begin(), event.warnings.end());
  look_at_nodes(run, at, effects);
  return true;
}

bool RunStep::operator()(const HeartbeatsMissed& event) const {
  const bool ends = run.status == RunStatus::finalizing || run.status == RunStatus::cancel_requested;
  if (run.status != RunStatus::running && !(ends && run.status_detail != event.detail)) return false;
  if (!ends) enter(run, RunStatus::not_responding, at.now);
  run.status_detail = event.detail;
  return true;
}

bool RunStep::operator()(const HeartbeatsBack&) const {
  if (run.status == RunStatus::not_responding) {
    enter(run, RunStatus::running, at.now);
    return true;
  }
  if (!tells_of_silence(run)) return false;
  run.status_detail = run.cancel_asked ? run.cancel_reason : "";
  return true;
}

bool RunStep::operator()(const PutOff& event) const {
  if (run.status != RunStatus::preparing && run.status != RunStatus::provisioning && !waits_for_engine()) return false;
  const char* what = run.status == RunStatus::preparing ? "environment cannot be prepared" : "nodes cannot be started";
  const std::string words = fmt::format("its {} now and will be tried again: {}", what, event.why);
  if (run.status_detail == words) return false;
  run.status_detail = words;
  return true;
}

bool RunStep::operator()(const WaitsForDisk& event) const {
  if (run.status != RunStatus::running && run.status != RunStatus::finalizing) return false;
  const std::string where = fmt::format(" wait on node {}; ", event.node_rank);
  const bool is_own = tells_of_disk(run) && run.status_detail.find(where) != std::string::npos;
  if (event.what.empty() ? !is_own : tells_of_disk(run) && !is_own) return false;  // another node's: one is enough to know
  std::string words;
  if (!event.what.empty() && event.is_full)
    words = fmt::format("{}{}{}free some space or cancel the run", kFullDiskWords, event.what, where);
  else if (!event.what.empty())
    words = fmt::format("{}{}{}repair the disk or cancel the run ({})", kBrokenDiskWords, event.what, where, event.detail);
  if (run.status_detail == words) return false;
  run.status_detail = words;
  return true;
}

bool RunStep::operator()(const CancelAsked& event) const {
  if (run.cancel_asked && !event.force) return false;
  if (!run.cancel_asked) run.cancel_reason = event.reason;
  run.cancel_asked = true;
  if (event.force && !waits_for_nodes(run.status) && !waits_for_engine()) {
    for (RunNode& node : run.nodes) {
      if (node.status == NodeStatus::done) continue;
      node.status = NodeStatus::done;
      node.salvages = kMostSalvages;  // a server that starts leaves the folder of such a node alone
      run.warnings.push_back(fmt::format("node {} ({}) was ended without waiting for it: what it had not sent is left there in {}/{}/{}/{}",
                                         node.node_rank, node.host, event.folder, run.run_id, run.attempt,
                                         model::node_folder_name(node.node_rank)));
    }
    enter(run, RunStatus::canceled, at.now);
    run.error.reset();
    run.status_detail = run.cancel_reason;
    effects.push_back({EffectKind::kill_nodes});
    return true;
  }
  if (waits_for_nodes(run.status) || waits_for_engine()) {
    const bool has_engine = waits_for_engine();
    effects.push_back({EffectKind::leave_queue});
    conclude(run, at, effects);
    if (has_engine) effects.push_back({EffectKind::kill_nodes});  // it may be about to give it nodes
    return true;
  }
  enter(run, RunStatus::cancel_requested, at.now);
  run.status_detail = event.reason;
  effects.push_back({EffectKind::stop_nodes});
  return true;
}

Step step(Run run, const Event& event, const Circumstances& circumstances) {
  Step next;
  next.run = std::move(run);
  if (model::has_ended(next.run.status)) return next;
  next.changed = std::visit(RunStep{next.run, circumstances, next.effects, next.refusal}, event);
  return next;
}

std::optional<StopReason> stop_reason(const Run& run) {
  if (run.cancel_asked) return StopReason{"canceled", run.cancel_reason};
  if (run.error && !is_not_kept(*run.error)) return StopReason{run.error->code, run.error->message};
  for (const RunNode& node : run.nodes) {
    if (lost_work(node)) return StopReason{"node_lost", fmt::format("node {} ({}) was lost", node.node_rank, node.host)};
    for (const model::RankReport& report : node.reports) {
      if (!report.succeeded()) return StopReason{"rank_failed", fmt::format("rank {} failed", report.rank)};
    }
  }
  return std::nullopt;
}

bool tells_of_disk(const Run& run) {
  return run.status_detail.starts_with(kFullDiskWords) || run.status_detail.starts_with(kBrokenDiskWords);
}

}  // namespace muster::scheduler
