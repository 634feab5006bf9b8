// The nodes of an attempt: started, stopped, killed, salvaged, and what is left of them.

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "base/own_variables.h"
#include "model/node_folder_name.h"
#include "scheduler/scheduler_impl.h"
#include "store/run_attempts.h"

namespace muster::scheduler {
namespace {

/// For a polite stop beyond the ranks' own grace, before everything of the attempt is killed.
constexpr std::chrono::seconds kStopMargin{20};
constexpr int kMostKills = 3;
/// How much of a lost runner's own log is shown.
constexpr std::size_t kLastWordsBytes = 400;

/// Of a start: the machine is short of something that comes back.
bool passes(Code code) { return code == Code::unavailable || code == Code::disk_full || code == Code::storage_failed; }

}  // namespace

std::vector<int> ranks_of(const model::Run& run) {
  std::vector<int> ranks;
  for (const model::RunNode& node : run.nodes) ranks.push_back(node.node_rank);
  return ranks;
}

engine::NodeStart SchedulerImpl::node_start(const model::Run& run, int node_rank, bool salvage) const {
  const std::filesystem::path folder = folders_->folder_of(run.run_id, run.attempt);
  engine::NodeStart node;
  node.node_rank = node_rank;
  node.node_id = run.nodes.at(static_cast<std::size_t>(node_rank)).host;
  node.command = {options_.runner_binary.string(),
                  "runner",
                  "--run",
                  run.run_id,
                  "--attempt",
                  std::to_string(run.attempt),
                  "--node",
                  std::to_string(node_rank),
                  "--folder",
                  (folder / model::node_folder_name(node_rank)).string(),
                  "--url",
                  options_.url};
  if (salvage) node.command.emplace_back("--salvage");
  for (const int port : run.taken_ports) node.command.insert(node.command.end(), {"--avoid-port", std::to_string(port)});
  node.variables = own_variables();
  node.variables["MUSTER_HOME"] = options_.home.string();
  node.variables["MUSTER_NODE_ID"] = node.node_id;
  if (!options_.gpus.empty() && targets_.engine(target_of(run)) == "local") {
    node.variables["CUDA_VISIBLE_DEVICES"] = run.nodes.at(static_cast<std::size_t>(node_rank)).gpus;
  }
  node.variables["MUSTER_RUNNER_TOKEN"] = tokens_.token(TokenHolder::runner, run.run_id, run.attempt);
  node.variables["MUSTER_RUNNER_PROOF_KEY"] = tokens_.proof_key(run.run_id, run.attempt);
  node.log = folder / fmt::format("runner_{}.log", node_rank);
  return node;
}

void SchedulerImpl::start_nodes(const model::Run& run) {
  std::vector<engine::NodeStart> nodes;
  for (const model::RunNode& node : run.nodes) nodes.push_back(node_start(run, node.node_rank, false));
  calls_->start(run, targets_.engine(target_of(run)), std::move(nodes),
                [this, run](const Result<void>& outcome) { start_answered(run, outcome); });
}

void SchedulerImpl::start_answered(const model::Run& run, const Result<void>& outcome) {
  if (!outcome && passes(outcome.error().code)) return put_off_start(run, outcome.error().detail);
  put_off_.erase(run.run_id);
  if (!outcome) {
    const auto clean = [this, id = engine::AttemptId{run.run_id, run.attempt}](const Step&) { folders_->clean(id); };
    apply_until_stored(run.key, run.attempt, AttemptFailed{{"start_failed", outcome.error().detail, {}, {}, {}, "", "", ""}}, clean);
    return;
  }
  watch_start(run.run_id, run.attempt);
  const auto now = active(run.run_id);
  if (!now || now->attempt != run.attempt) return kill_nodes(run, ranks_of(run));  // it was ended while the engine was starting it
  // A cancel may have come when there was nothing yet to stop.
  if (stop_reason(*now)) stop_nodes(*now);
  apply_until_stored(run.key, run.attempt, EngineStarted{});
}

/// Processes, descriptors and memory come back, and so does the disk: the run keeps its nodes and is tried again, each time after longer.
void SchedulerImpl::put_off_start(const model::Run& run, const std::string& why) {
  const auto applied = apply(run.key, run.attempt, PutOff{why});
  if (!applied || applied->changed) log::warning("scheduler", "{} cannot be started now: {}", run.run_id, why);
  PutOffStart& put_off = put_off_[run.run_id];
  put_off.waits = true;
  const auto now = active(run.run_id);
  if (now && stop_reason(*now)) return end_before_start(run);
  thread_.post_after(delay_after(put_off.tries++), [this, run] {
    const auto at = put_off_.find(run.run_id);
    if (at == put_off_.end() || !at->second.waits) return;
    at->second.waits = false;
    const auto still = active(run.run_id);
    if (still && still->attempt == run.attempt && !still->nodes.empty()) return start_nodes(*still);
    put_off_.erase(at);
  });
}

/// Of a run that is to end before the engine could start it.
void SchedulerImpl::end_before_start(const model::Run& run) {
  put_off_.erase(run.run_id);
  for (const int rank : ranks_of(run)) node_gone({run.run_id, run.attempt}, rank, "it was never started");
}

void SchedulerImpl::salvage_node(const model::Run& run, int node_rank, int tries) {
  // The silence was the lost runner's.
  heartbeats_.with([&](Heartbeats& beats) { beats.heard(run.run_id, node_rank, clock_.steady()); });
  calls_->start(run, targets_.engine(target_of(run)), {node_start(run, node_rank, true)},
                [this, run, node_rank, tries](const Result<void>& outcome) {
                  if (outcome) return;
                  const bool waits = passes(outcome.error().code);
                  if (!waits || tries == 0)
                    log::error("scheduler", "{}: node {} could not be salvaged: {}", run.run_id, node_rank, outcome.error().detail);
                  thread_.post_after(delay_after(waits ? tries : 2), [this, run, node_rank, tries, waits, why = outcome.error().detail] {
                    if (!waits) return node_gone({run.run_id, run.attempt}, node_rank, why);
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
    std::vector<int> nodes;
    for (const model::RunNode& node : late->nodes) {
      if (node.status == "Starting" || node.status == "Running") nodes.push_back(node.node_rank);
    }
    if (nodes.empty()) return;
    log::warning("scheduler", "{}: the ranks of {} nodes did not end in time; killing them", run.run_id, nodes.size());
    kill_nodes(*late, nodes);
  };
  calls_->stop(run, ranks_of(*now), engine::StopHow::polite, [this, run, kill_the_rest](const Result<void>& outcome) {
    if (!outcome) log::error("scheduler", "stopping {}: {}", run.run_id, outcome.error().detail);
    thread_.post_after(std::chrono::seconds(run.spec.grace_seconds) + kStopMargin, kill_the_rest);
  });
}

void SchedulerImpl::kill_nodes(const model::Run& run, const std::vector<int>& node_ranks, const std::function<void()>& then) {
  kill_nodes(run, node_ranks, then, EngineCalls::as_started_now(), 0);
}

void SchedulerImpl::kill_nodes(const model::Run& run, const std::vector<int>& node_ranks, const std::function<void()>& then,
                               const EngineCalls::Meant& meant, int tries) {
  const auto answered = [this, run, node_ranks, then, meant, tries](const Result<void>& outcome) {
    if (!outcome) log::error("scheduler", "killing {}: {}", run.run_id, outcome.error().detail);
    // What follows counts on nothing being left. A process that no kill reaches (in the kernel, for a device) is waited for so long and no
    // longer; a machine that is short of something, until it is not.
    if (!outcome && (outcome.error().code == Code::unavailable || tries < kMostKills)) {
      thread_.post_after(delay_after(tries + 2),
                         [this, run, node_ranks, then, meant, tries] { kill_nodes(run, node_ranks, then, meant, tries + 1); });
      return;
    }
    if (then) then();
  };
  calls_->stop(run, node_ranks, engine::StopHow::kill, answered, meant);
}

void SchedulerImpl::end_by_force(const model::Run& run) {
  folders_->keep(run);
  kill_nodes(run, ranks_of(run), [this, run] { release_killed(run); });
}

/// The nodes are given back once it is stored that nothing is left on them: the next server would take them for this run's otherwise.
void SchedulerImpl::release_killed(const model::Run& run) {
  const auto noted = store_.write([&](store::Session& session) -> Result<void> {
    store::run_attempts::set_to_kill(session, run.key, run.attempt, false);
    return {};
  });
  if (noted) {
    folders_->clean({run.run_id, run.attempt});
    return release(run);
  }
  log::warning("scheduler", "{}: {}", run.run_id, noted.error().detail);
  thread_.post_after(std::chrono::seconds(2), [this, run] { release_killed(run); });
}

void SchedulerImpl::node_gone(const engine::AttemptId& id, int node_rank, const std::string& how) {
  const auto run = active(id.run_id);
  if (!run || run->attempt != id.attempt) {
    folders_->clean(id);
    return;
  }
  std::string last_words;
  if (auto text = read_file(folders_->folder_of(id.run_id, id.attempt) / fmt::format("runner_{}.log", node_rank))) {
    last_words = text->size() > kLastWordsBytes ? text->substr(text->size() - kLastWordsBytes) : *text;
  }
  const auto applied = apply(NodeId{id.run_id, id.attempt, node_rank}, NodeGone{node_rank, how, last_words});
  if (!applied) {
    log::error("scheduler", "{}: node {} is gone ({}): {}", id.run_id, node_rank, how, applied.error().detail);
    thread_.post_after(std::chrono::seconds(2), [this, id, node_rank, how] { node_gone(id, node_rank, how); });
    return;
  }
  const bool is_over = model::has_ended(applied->run.status) || applied->run.attempt != id.attempt;
  if (is_over) folders_->clean(id);
}

}  // namespace muster::scheduler
