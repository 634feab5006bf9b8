#include <algorithm>

#include <fmt/format.h>

#include "scheduler/run_outcome.h"
#include "scheduler/run_step.h"

namespace muster::scheduler {

using model::NodeStatus;
using model::RunNode;
using model::RunStatus;

bool RunStep::operator()(const NodesGranted& event) const {
  if (run.status != RunStatus::queued) return false;
  run.nodes.clear();
  for (std::size_t i = 0; i < event.node_ids.size(); ++i) {
    RunNode node;
    node.node_rank = static_cast<int>(i);
    node.host = event.node_ids[i];
    node.key = event.node_ids[i];
    if (i < event.gpus.size()) node.gpus = event.gpus[i];
    run.nodes.push_back(std::move(node));
  }
  enter(run, RunStatus::provisioning, at.now);
  effects.push_back({EffectKind::start_nodes});
  return true;
}

bool RunStep::waits_for_engine() const {
  return at.engine_grants_nodes && run.nodes.empty() && (run.status == RunStatus::queued || run.status == RunStatus::provisioning);
}

bool RunStep::operator()(const WaitingForNodes& event) const {
  if (!waits_for_engine() || (run.status == RunStatus::queued && run.status_detail == event.reason)) return false;
  if (run.status != RunStatus::queued) enter(run, RunStatus::queued, at.now);
  run.status_detail = event.reason;
  return true;
}

bool RunStep::operator()(const NodesComing&) const {
  if (!waits_for_engine() || run.status == RunStatus::provisioning) return false;
  enter(run, RunStatus::provisioning, at.now);
  return true;
}

RunNode* RunStep::place_of(const std::string& key) const {
  if (waits_for_engine()) {
    run.nodes.resize(static_cast<std::size_t>(run.spec.node_count));
    for (std::size_t i = 0; i < run.nodes.size(); ++i) run.nodes[i].node_rank = static_cast<int>(i);
  }
  const auto known = std::find_if(run.nodes.begin(), run.nodes.end(), [&](const RunNode& node) { return node.key == key; });
  if (known != run.nodes.end()) return &*known;
  const auto unknown = std::find_if(run.nodes.begin(), run.nodes.end(), [](const RunNode& node) { return node.key.empty(); });
  if (unknown == run.nodes.end()) return nullptr;
  unknown->key = key;
  return &*unknown;
}

bool RunStep::operator()(const NodesThere& event) const {
  const bool is_first = run.status == RunStatus::provisioning || waits_for_engine();
  if (!is_first && !at.engine_grants_nodes) return false;
  bool changed = is_first;
  for (const engine::Node& there : event.nodes) {
    RunNode* node = place_of(there.key);
    if (node == nullptr || node->host == there.name) continue;
    node->host = there.name;
    changed = true;
  }
  if (is_first) enter(run, RunStatus::starting, at.now);
  return changed;
}

bool RunStep::operator()(const AttemptGone& event) const {
  if (!waits_for_engine()) return false;
  if (event.how.kind == engine::GoneKind::canceled_outside) {
    run.cancel_asked = true;
    run.cancel_reason = fmt::format("it was canceled outside of Muster ({})", event.how.words);
  } else {
    model::RunError error;
    error.code = "start_failed";
    error.message = fmt::format("it was ended before it had nodes ({})", event.how.words);
    run.error = std::move(error);
  }
  conclude(run, at, effects);
  return true;
}

bool RunStep::operator()(const NodeCheckedIn& event) const {
  const bool is_first = run.status == RunStatus::provisioning || waits_for_engine();
  RunNode* node = place_of(event.key);
  if (node == nullptr)
    return refuse(Code::not_found, fmt::format("run {} has no node '{}' in attempt {}", run.run_id, event.key, run.attempt));
  const bool same = node->runner_pid == event.pid && node->address == event.address && (event.port == 0 || node->port == event.port);
  node->runner_pid = event.pid;
  node->address = event.address;
  if (node->host.empty()) node->host = event.host;
  if (event.port != 0) node->port = event.port;
  node->last_heartbeat_at = at.now;
  // A runner may speak before the engine has told that it is there.
  if (is_first) enter(run, RunStatus::starting, at.now);
  return !same || is_first;
}

void RunStep::note_kind(RunNode& node, const engine::Gone& how) const {
  using engine::GoneKind;
  if (how.kind == GoneKind::exited || how.kind == GoneKind::killed) return;
  node.gone = how.words;
  const bool ends_the_run = how.kind == GoneKind::canceled_outside || how.kind == GoneKind::time_limit;
  if (!ends_the_run || run.cancel_asked || node.status == NodeStatus::finished) return;
  run.cancel_asked = true;
  run.cancel_reason = how.kind == GoneKind::time_limit ? fmt::format("its time is over ({})", how.words)
                                                       : fmt::format("it was canceled outside of Muster ({})", how.words);
  if (run.status != RunStatus::cancel_requested) enter(run, RunStatus::cancel_requested, at.now);
  run.status_detail = run.cancel_reason;
}

bool RunStep::explain(RunNode& node, const engine::Gone& how) const {
  if (!at.engine_grants_nodes || !ended_unexplained(run)) return false;
  note_kind(node, how);
  node.gone = how.words;
  // Its ranks did not get to their end.
  if (how.kind == engine::GoneKind::preempted || how.kind == engine::GoneKind::node_failed) node.salvages = kMostSalvages;
  look_at_nodes(run, at, effects);
  return true;
}

bool RunStep::operator()(const NodeGone& event) const {
  const RunNode* named = event.key.empty() ? nullptr : node_of_key(run, event.key);
  if (!event.key.empty() && named == nullptr)
    return refuse(Code::not_found, fmt::format("its engine tells of a node '{}' that it has not", event.key));
  RunNode* node = node_of(run, named == nullptr ? event.node_rank : named->node_rank);
  if (node == nullptr) return false;
  if (node->status == NodeStatus::done) return explain(*node, event.how);
  const bool was_stopping = stop_reason(run).has_value();
  const engine::Gone& how = event.how;
  note_kind(*node, how);
  if (node->runner_pid == 0) {
    // It never checked in: nothing of the user's ran there.
    node->status = NodeStatus::done;
    if (how.kind == engine::GoneKind::preempted || how.kind == engine::GoneKind::node_failed) node->salvages = kMostSalvages;
    if (!run.cancel_asked && !run.error) {
      model::RunError error;
      error.code = "start_failed";
      error.message = fmt::format("the runner of node {} ({}) ended before it checked in ({}){}{}", node->node_rank, node->host, how.words,
                                  how.last_words.empty() ? "" : ": ", how.last_words);
      error.node_rank = node->node_rank;
      run.error = std::move(error);
    }
  } else if (!how.collectable) {
    node->status = NodeStatus::done;
    node->salvages = kMostSalvages;
    run.warnings.push_back(fmt::format("node {} ({}) was lost with its disk ({}): what it had not sent is lost with it", node->node_rank,
                                       node->host, how.words));
  } else if (node->salvages < kMostSalvages) {
    if (node->status != NodeStatus::finished) node->status = NodeStatus::lost;
    ++node->salvages;
    if (node->gone.empty() || !run.cancel_asked)
      run.status_detail = fmt::format("node {} ({}) was lost ({}); collecting what it left", node->node_rank, node->host, how.words);
    effects.push_back({EffectKind::salvage_node, node->node_rank});
  } else {
    node->status = NodeStatus::done;
    run.warnings.push_back(fmt::format("what node {} ({}) left could not be collected: its runner ended {} times ({}); its folder is kept",
                                       node->node_rank, node->host, node->salvages + 1, how.words));
  }
  if (!was_stopping && stop_reason(run)) effects.push_back({EffectKind::stop_nodes});
  look_at_nodes(run, at, effects);
  return true;
}

bool RunStep::operator()(const StartAgain&) const {
  if (run.status != RunStatus::provisioning && run.status != RunStatus::starting) return false;
  for (RunNode& node : run.nodes) {
    node.status = NodeStatus::starting;
    node.runner_pid = 0;
    node.address.clear();
    node.port = 0;
  }
  enter(run, RunStatus::provisioning, at.now);
  return true;
}

const model::RunNode* node_of_key(const model::Run& run, std::string_view key) {
  const auto at = std::find_if(run.nodes.begin(), run.nodes.end(), [&](const RunNode& node) { return node.key == key; });
  return at == run.nodes.end() ? nullptr : &*at;
}

int still_to_check_in(const model::Run& run) {
  if (run.nodes.empty()) return run.spec.node_count;
  const auto is_missing = [&](const RunNode& node) { return node.runner_pid == 0 || (node.node_rank == 0 && node.port == 0); };
  return static_cast<int>(std::count_if(run.nodes.begin(), run.nodes.end(), is_missing));
}

}  // namespace muster::scheduler
