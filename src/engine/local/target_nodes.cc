#include "engine/local/target_nodes.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace muster::engine {
namespace {

/// How long a node is shown as leaving before it is gone.
constexpr TimeUs kLeavingUs = 1'000'000;

}  // namespace

std::string_view to_string(TargetNodes::State state) {
  switch (state) {
    case TargetNodes::State::preparing: return "preparing";
    case TargetNodes::State::running: return "running";
    case TargetNodes::State::idle: return "idle";
    case TargetNodes::State::leaving: return "leaving";
  }
  return "";
}

TargetNodes::TargetNodes(std::string target, TargetLimits limits, TimeUs now)
    : target_(std::move(target)), limits_(limits), allocation_state_since_(now) {
  keep_minimum(now);
}

void TargetNodes::set_limits(TargetLimits limits, TimeUs now) {
  const bool was = resizing();
  limits_ = limits;
  keep_minimum(now);
  note_allocation(was, now);
}

void TargetNodes::note_allocation(bool was_resizing, TimeUs now) {
  if (resizing() != was_resizing) allocation_state_since_ = now;
}

std::string TargetNodes::new_node_id() const {
  for (int number = 0;; ++number) {
    std::string id = fmt::format("{}-{}", target_, number);
    if (std::none_of(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.node_id == id; })) return id;
  }
}

void TargetNodes::keep_minimum(TimeUs now) {
  while (static_cast<int>(nodes_.size()) - count(State::leaving) < limits_.min_nodes)
    nodes_.push_back({new_node_id(), State::idle, "", now});
}

int TargetNodes::count(State state) const {
  return static_cast<int>(std::count_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.state == state; }));
}

int TargetNodes::runs() const {
  std::set<std::string> ids;
  for (const Node& node : nodes_) {
    if (!node.run_id.empty()) ids.insert(node.run_id);
  }
  return static_cast<int>(ids.size());
}

int TargetNodes::free_nodes() const {
  if (limits_.runs_at_once > 0 && runs() >= limits_.runs_at_once) return 0;
  return std::max(0, limits_.max_nodes - count(State::preparing) - count(State::running) - count(State::leaving));
}

int TargetNodes::target_count() const { return static_cast<int>(nodes_.size()) - count(State::leaving); }

std::optional<std::vector<std::string>> TargetNodes::grant(const std::string& run_id, int node_count, TimeUs now) {
  if (node_count > free_nodes()) return std::nullopt;
  const bool was = resizing();
  std::vector<std::string> ids;
  for (Node& node : nodes_) {
    if (static_cast<int>(ids.size()) == node_count) break;
    if (node.state != State::idle) continue;
    node = {node.node_id, State::preparing, run_id, now};
    ids.push_back(node.node_id);
  }
  while (static_cast<int>(ids.size()) < node_count) {
    nodes_.push_back({new_node_id(), State::preparing, run_id, now});
    ids.push_back(nodes_.back().node_id);
  }
  note_allocation(was, now);
  return ids;
}

void TargetNodes::adopt(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now) {
  for (const std::string& id : node_ids) {
    const auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& node) { return node.node_id == id; });
    if (at != nodes_.end())
      *at = {id, State::running, run_id, now};
    else
      nodes_.push_back({id, State::running, run_id, now});
  }
}

void TargetNodes::heard_from(const std::string& node_id, TimeUs now) {
  const bool was = resizing();
  for (Node& node : nodes_) {
    if (node.node_id == node_id && node.state == State::preparing) {
      node.state = State::running;
      node.since = now;
    }
  }
  note_allocation(was, now);
}

void TargetNodes::release(const std::string& run_id, TimeUs now) {
  const bool was = resizing();
  for (Node& node : nodes_) {
    if (node.run_id == run_id) node = {node.node_id, State::idle, "", now};
  }
  note_allocation(was, now);
  tick(now);
}

bool TargetNodes::tick(TimeUs now) {
  const bool was = resizing();
  const std::size_t before = nodes_.size();
  std::erase_if(nodes_, [&](const Node& node) { return node.state == State::leaving && now - node.since >= kLeavingUs; });
  bool changed = nodes_.size() != before;
  const TimeUs idle_us = std::chrono::microseconds(limits_.idle_before_scaledown).count();
  // The newest numbers go first, so that a target shrinks towards <target>-0.
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    const bool surplus = target_count() > limits_.max_nodes;
    if (node->state != State::idle || target_count() <= limits_.min_nodes || (now - node->since < idle_us && !surplus)) continue;
    node->state = State::leaving;
    node->since = now;
    changed = true;
  }
  note_allocation(was, now);
  return changed;
}

std::optional<TimeUs> TargetNodes::deadline() const {
  std::optional<TimeUs> next;
  const auto consider = [&](TimeUs at) { next = next ? std::min(*next, at) : at; };
  const TimeUs idle_us = std::chrono::microseconds(limits_.idle_before_scaledown).count();
  for (const Node& node : nodes_) {
    if (node.state == State::leaving) consider(node.since + kLeavingUs);
    if (node.state == State::idle && target_count() > limits_.min_nodes) consider(node.since + idle_us);
  }
  return next;
}

}  // namespace muster::engine
