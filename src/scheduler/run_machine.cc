#include "scheduler/run_machine.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/node_folder_name.h"
#include "scheduler/run_outcome.h"

namespace muster::scheduler {
namespace {

using model::Run;
using model::RunNode;
using model::RunStatus;

constexpr std::string_view kStarting = "Starting";
constexpr std::string_view kRunning = "Running";
constexpr std::string_view kFinished = "Finished";
constexpr std::string_view kDone = "Done";
constexpr std::string_view kLost = "Lost";

constexpr std::string_view kFullDiskWords = "the server's disk is full: ";
constexpr std::string_view kBrokenDiskWords = "the server cannot write to its disk: ";

/// Moves the run to a status, closing and opening stages as it goes.
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

bool all_nodes(const Run& run, std::initializer_list<std::string_view> statuses) {
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

/// Every node is done (or there are none): the exit codes alone decide.
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

/// After a node got further: is the run finalizing, or over?
void look_at_nodes(Run& run, const Circumstances& circumstances, std::vector<Effect>& effects) {
  if (all_nodes(run, {kDone})) {
    conclude(run, circumstances, effects);
  } else if (all_nodes(run, {kFinished, kDone}) && run.status != RunStatus::finalizing && run.status != RunStatus::cancel_requested) {
    enter(run, RunStatus::finalizing, circumstances.now);
  } else if (all_nodes(run, {kRunning, kFinished, kDone}) && run.status == RunStatus::starting) {
    enter(run, RunStatus::running, circumstances.now);
  }
}

bool tells_of_silence(const Run& run) { return run.status_detail.starts_with(kSilenceWords); }

bool waits_for_nodes(RunStatus status) {
  return status == RunStatus::not_started || status == RunStatus::preparing || status == RunStatus::queued;
}

/// One overload an event; each returns whether the event meant anything.
struct Stepper {
  Run& run;
  const Circumstances& at;
  std::vector<Effect>& effects;
  std::optional<Error>& refusal;

  bool refuse(Code code, std::string why) const {
    refusal = Error{code, std::move(why), "", {}};
    return false;
  }
  bool refuse_node(int node_rank) const { return refuse(Code::not_found, fmt::format("run {} has no node {}", run.run_id, node_rank)); }

  bool operator()(const Submitted&) const {
    if (run.status != RunStatus::not_started) return false;
    enter(run, RunStatus::preparing, at.now);
    effects.push_back({EffectKind::prepare_environment});
    return true;
  }

  bool operator()(const EnvironmentReady& event) const {
    const bool differs = run.status == RunStatus::queued && run.environment_hash != event.hash;  // looked up again after a restart
    if (run.status != RunStatus::preparing && !differs) return false;
    run.environment_hash = event.hash;
    enter(run, RunStatus::queued, at.now);
    effects.push_back({EffectKind::enqueue});
    return true;
  }

  bool operator()(const AttemptFailed& event) const {
    run.nodes.clear();
    run.error = event.error;
    effects.push_back({EffectKind::leave_queue});
    conclude(run, at, effects);
    return true;
  }

  bool operator()(const NodesGranted& event) const {
    if (run.status != RunStatus::queued) return false;
    run.nodes.clear();
    for (std::size_t i = 0; i < event.node_ids.size(); ++i) {
      RunNode node;
      node.node_rank = static_cast<int>(i);
      node.host = event.node_ids[i];
      if (i < event.gpus.size()) node.gpus = event.gpus[i];
      node.status = kStarting;
      run.nodes.push_back(std::move(node));
    }
    enter(run, RunStatus::provisioning, at.now);
    effects.push_back({EffectKind::start_nodes});
    return true;
  }

  bool operator()(const EngineStarted&) const {
    if (run.status != RunStatus::provisioning) return false;
    enter(run, RunStatus::starting, at.now);
    return true;
  }

  bool operator()(const NodeCheckedIn& event) const {
    RunNode* node = node_of(run, event.node_rank);
    if (node == nullptr) return false;
    const bool same = node->runner_pid == event.pid && node->address == event.address && node->port == event.port;
    node->runner_pid = event.pid;
    node->address = event.address;
    node->port = event.port;
    node->last_heartbeat_at = at.now;
    // A runner may speak before the engine's start call has returned.
    if (run.status == RunStatus::provisioning) enter(run, RunStatus::starting, at.now);
    return !same;
  }

  bool operator()(const RanksStarted& event) const {
    RunNode* node = node_of(run, event.node_rank);
    if (node == nullptr || node->status != kStarting) return false;
    node->status = kRunning;
    if (run.started_at == 0 || event.first_rank_at < run.started_at) run.started_at = event.first_rank_at;
    look_at_nodes(run, at, effects);
    return true;
  }

  bool operator()(const RankFailed& event) const {
    RunNode* node = node_of(run, event.report.node_rank);
    if (node == nullptr || node->status == kFinished || node->status == kDone) return false;
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

  bool operator()(const RanksFinished& event) const {
    RunNode* node = node_of(run, event.node_rank);
    if (node == nullptr) return refuse_node(event.node_rank);
    if (node->status == kFinished || node->status == kDone) return false;
    const bool was_stopping = stop_reason(run).has_value();
    // What was told before a runner was lost stays; its successor knows only of those that were still running.
    for (const model::RankReport& report : event.reports) {
      const auto known = std::find_if(node->reports.begin(), node->reports.end(), [&](const auto& one) { return one.rank == report.rank; });
      if (known == node->reports.end())
        node->reports.push_back(report);
      else if (node->status != kLost)
        *known = report;
    }
    node->status = kFinished;
    if (run.started_at == 0 && !node->reports.empty()) run.started_at = node->reports.front().started_at;
    if (!was_stopping && stop_reason(run)) effects.push_back({EffectKind::stop_nodes});
    look_at_nodes(run, at, effects);
    return true;
  }

  bool operator()(const NodeDone& event) const {
    RunNode* node = node_of(run, event.node_rank);
    if (node == nullptr) return refuse_node(event.node_rank);
    if (node->status == kDone) return false;
    if (node->status != kFinished)
      return refuse(Code::conflict, fmt::format("node {} is {}: it cannot be done before its ranks have been reported as finished",
                                                event.node_rank, node->status));
    node->status = kDone;
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

  bool operator()(const NodeGone& event) const {
    RunNode* node = node_of(run, event.node_rank);
    if (node == nullptr || node->status == kDone) return false;
    const bool was_stopping = stop_reason(run).has_value();
    if (node->runner_pid == 0) {
      // It never checked in: nothing of the user's ran there.
      node->status = kDone;
      if (!run.cancel_asked && !run.error) {
        model::RunError error;
        error.code = "start_failed";
        error.message = fmt::format("the runner of node {} ({}) ended before it checked in ({}){}{}", node->node_rank, node->host,
                                    event.how, event.last_words.empty() ? "" : ": ", event.last_words);
        error.node_rank = node->node_rank;
        run.error = std::move(error);
      }
    } else if (node->salvages < kMostSalvages) {
      if (node->status != kFinished) node->status = kLost;
      ++node->salvages;
      run.status_detail = fmt::format("node {} ({}) was lost ({}); collecting what it left", node->node_rank, node->host, event.how);
      effects.push_back({EffectKind::salvage_node, node->node_rank});
    } else {
      node->status = kDone;
      run.warnings.push_back(
          fmt::format("what node {} ({}) left could not be collected: its runner ended {} times ({}); its folder is kept", node->node_rank,
                      node->host, node->salvages + 1, event.how));
    }
    if (!was_stopping && stop_reason(run)) effects.push_back({EffectKind::stop_nodes});
    look_at_nodes(run, at, effects);
    return true;
  }

  bool operator()(const HeartbeatsMissed& event) const {
    const bool ends = run.status == RunStatus::finalizing || run.status == RunStatus::cancel_requested;
    if (run.status != RunStatus::running && !(ends && run.status_detail != event.detail)) return false;
    if (!ends) enter(run, RunStatus::not_responding, at.now);
    run.status_detail = event.detail;
    return true;
  }

  bool operator()(const HeartbeatsBack&) const {
    if (run.status == RunStatus::not_responding) {
      enter(run, RunStatus::running, at.now);
      return true;
    }
    if (!tells_of_silence(run)) return false;
    run.status_detail = run.cancel_asked ? run.cancel_reason : "";
    return true;
  }

  bool operator()(const StartAgain&) const {
    if (run.status != RunStatus::provisioning && run.status != RunStatus::starting) return false;
    for (RunNode& node : run.nodes) {
      node.status = kStarting;
      node.runner_pid = 0;
      node.address.clear();
      node.port = 0;
    }
    enter(run, RunStatus::provisioning, at.now);
    return true;
  }

  bool operator()(const PutOff& event) const {
    if (run.status != RunStatus::preparing && run.status != RunStatus::provisioning) return false;
    const char* what = run.status == RunStatus::preparing ? "environment cannot be prepared" : "nodes cannot be started";
    const std::string words = fmt::format("its {} now and will be tried again: {}", what, event.why);
    if (run.status_detail == words) return false;
    run.status_detail = words;
    return true;
  }

  bool operator()(const WaitsForDisk& event) const {
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

  bool operator()(const CancelAsked& event) const {
    if (run.cancel_asked && !event.force) return false;
    if (!run.cancel_asked) run.cancel_reason = event.reason;
    run.cancel_asked = true;
    if (event.force && !waits_for_nodes(run.status)) {
      for (RunNode& node : run.nodes) {
        if (node.status == kDone) continue;
        node.status = kDone;
        node.salvages = kMostSalvages;  // a server that starts leaves the folder of such a node alone
        run.warnings.push_back(
            fmt::format("node {} ({}) was ended without waiting for it: what it had not sent is left there in {}/{}/{}/{}", node.node_rank,
                        node.host, event.folder, run.run_id, run.attempt, model::node_folder_name(node.node_rank)));
      }
      enter(run, RunStatus::canceled, at.now);
      run.error.reset();
      run.status_detail = run.cancel_reason;
      effects.push_back({EffectKind::kill_nodes});
      return true;
    }
    if (waits_for_nodes(run.status)) {
      effects.push_back({EffectKind::leave_queue});
      conclude(run, at, effects);
      return true;
    }
    enter(run, RunStatus::cancel_requested, at.now);
    run.status_detail = event.reason;
    effects.push_back({EffectKind::stop_nodes});
    return true;
  }
};

}  // namespace

Step step(Run run, const Event& event, const Circumstances& circumstances) {
  Step next;
  next.run = std::move(run);
  if (model::has_ended(next.run.status)) return next;
  next.changed = std::visit(Stepper{next.run, circumstances, next.effects, next.refusal}, event);
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

bool all_checked_in(const Run& run) {
  return !run.nodes.empty() && std::all_of(run.nodes.begin(), run.nodes.end(), [](const RunNode& node) { return node.runner_pid != 0; });
}

}  // namespace muster::scheduler
