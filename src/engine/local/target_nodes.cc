#include "engine/local/target_nodes.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"

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

int number_of_node(std::string_view node_id) {
  std::int64_t number = -1;
  return parse_int64(node_id.substr(node_id.rfind('-') + 1), number) && number >= 0 && number <= INT32_MAX ? static_cast<int>(number) : -1;
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

std::string TargetNodes::id_of(int number) const { return fmt::format("{}-{}", target_, number); }

void TargetNodes::take_out(const Node& node) {
  const Key key{number_of_node(node.node_id), node.node_id};
  --counts_[static_cast<std::size_t>(node.state)];
  if (node.state == State::idle) idle_.erase(key);
  const auto run = runs_.find(node.run_id);
  if (run == runs_.end()) return;
  run->second.erase(key);
  if (run->second.empty()) runs_.erase(run);
}

void TargetNodes::change(Node& node, State state, const std::string& run_id, TimeUs now) {
  take_out(node);
  node = {node.node_id, state, run_id, now};
  const Key key{number_of_node(node.node_id), node.node_id};
  ++counts_[static_cast<std::size_t>(state)];
  if (state == State::idle) idle_.insert(key);
  if (!run_id.empty()) runs_[run_id].insert(key);
}

void TargetNodes::put(const std::string& node_id, State state, const std::string& run_id, TimeUs now) {
  const auto [at, is_new] = nodes_.try_emplace(Key{number_of_node(node_id), node_id}, Node{node_id, state, "", now});
  if (is_new) ++counts_[static_cast<std::size_t>(state)];
  change(at->second, state, run_id, now);
  while (nodes_.contains(Key{all_used_below_, id_of(all_used_below_)})) ++all_used_below_;
}

void TargetNodes::keep_minimum(TimeUs now) {
  while (target_count() < limits_.min_nodes) put(id_of(all_used_below_), State::idle, "", now);
}

std::vector<TargetNodes::Node> TargetNodes::nodes() const {
  std::vector<Node> nodes;
  for (const auto& [key, node] : nodes_) nodes.push_back(node);
  return nodes;
}

int TargetNodes::free_nodes() const {
  if (limits_.runs_at_once > 0 && runs() >= limits_.runs_at_once) return 0;
  return std::max(0, limits_.max_nodes - count(State::preparing) - count(State::running) - count(State::leaving));
}

int TargetNodes::target_count() const { return static_cast<int>(nodes_.size()) - count(State::leaving); }

std::optional<std::vector<std::string>> TargetNodes::available(int node_count) const {
  if (node_count > free_nodes()) return std::nullopt;
  std::vector<std::string> ids;
  for (auto idle = idle_.begin(); idle != idle_.end() && static_cast<int>(ids.size()) < node_count; ++idle) ids.push_back(idle->second);
  for (int number = all_used_below_; static_cast<int>(ids.size()) < node_count; ++number) {
    std::string id = id_of(number);
    if (!nodes_.contains(Key{number, id})) ids.push_back(std::move(id));
  }
  return ids;
}

void TargetNodes::grant(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now) {
  const bool was = resizing();
  for (const std::string& id : node_ids) put(id, State::preparing, run_id, now);
  note_allocation(was, now);
}

void TargetNodes::adopt(const std::string& run_id, const std::vector<std::string>& node_ids, TimeUs now) {
  for (const std::string& id : node_ids) put(id, State::running, run_id, now);
}

void TargetNodes::heard_from(const std::string& node_id, TimeUs now) {
  const bool was = resizing();
  const auto node = nodes_.find(Key{number_of_node(node_id), node_id});
  if (node != nodes_.end() && node->second.state == State::preparing) change(node->second, State::running, node->second.run_id, now);
  note_allocation(was, now);
}

void TargetNodes::release(const std::string& run_id, TimeUs now) {
  const bool was = resizing();
  if (const auto run = runs_.find(run_id); run != runs_.end()) {
    for (const Key& key : std::set<Key>(run->second)) change(nodes_.at(key), State::idle, "", now);
  }
  note_allocation(was, now);
  tick(now);
}

bool TargetNodes::tick(TimeUs now) {
  const bool was = resizing();
  bool changed = false;
  for (auto node = nodes_.begin(); node != nodes_.end();) {
    if (node->second.state != State::leaving || now - node->second.since < kLeavingUs) {
      ++node;
      continue;
    }
    take_out(node->second);
    if (node->first.first >= 0) all_used_below_ = std::min(all_used_below_, node->first.first);
    node = nodes_.erase(node);
    changed = true;
  }
  const TimeUs idle_us = std::chrono::microseconds(limits_.idle_before_scaledown).count();
  // The newest numbers go first, so that a target shrinks towards <target>-0.
  const std::vector<Key> idle(idle_.rbegin(), idle_.rend());
  for (const Key& key : idle) {
    Node& node = nodes_.at(key);
    const bool surplus = target_count() > limits_.max_nodes;
    if (target_count() <= limits_.min_nodes || (now - node.since < idle_us && !surplus)) continue;
    change(node, State::leaving, "", now);
    changed = true;
  }
  note_allocation(was, now);
  return changed;
}

std::optional<TimeUs> TargetNodes::deadline() const {
  std::optional<TimeUs> next;
  const auto consider = [&](TimeUs at) { next = next ? std::min(*next, at) : at; };
  const TimeUs idle_us = std::chrono::microseconds(limits_.idle_before_scaledown).count();
  for (const auto& [key, node] : nodes_) {
    if (node.state == State::leaving) consider(node.since + kLeavingUs);
    if (node.state == State::idle && target_count() > limits_.min_nodes) consider(node.since + idle_us);
  }
  return next;
}

}  // namespace muster::engine
