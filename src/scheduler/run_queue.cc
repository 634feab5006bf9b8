#include "scheduler/run_queue.h"

namespace muster::scheduler {

std::tuple<std::int64_t, std::int64_t, std::string> RunQueue::place(const Level& level, const std::string& experiment) const {
  const auto granted = granted_.find(experiment);
  return {granted == granted_.end() ? 0 : granted->second, level.lines.at(experiment).begin()->first.first, experiment};
}

void RunQueue::add(Waiting waiting) {
  remove(waiting.run_key);
  nodes_wanted_ += waiting.node_count;
  Level& level = levels_[waiting.priority];
  const std::string experiment = waiting.experiment;
  const auto known = level.lines.find(experiment);
  if (known != level.lines.end()) level.order.erase(place(level, experiment));
  const std::pair at(waiting.since, waiting.run_key);
  const auto placed = level.lines[experiment].emplace(at, std::move(waiting)).first;
  level.order.insert(place(level, experiment));
  waiting_.emplace(at.second, &placed->second);
}

bool RunQueue::remove(std::int64_t run_key) {
  const auto at = waiting_.find(run_key);
  if (at == waiting_.end()) return false;
  const Waiting waiting = *at->second;
  waiting_.erase(at);
  nodes_wanted_ -= waiting.node_count;
  Level& level = levels_.at(waiting.priority);
  level.order.erase(place(level, waiting.experiment));
  Line& line = level.lines.at(waiting.experiment);
  line.erase({waiting.since, run_key});
  if (line.empty()) {
    level.lines.erase(waiting.experiment);
  } else {
    level.order.insert(place(level, waiting.experiment));
  }
  if (level.lines.empty()) levels_.erase(waiting.priority);
  return true;
}

const Waiting* RunQueue::first() const {
  if (levels_.empty()) return nullptr;
  const Level& level = levels_.begin()->second;
  return &level.lines.at(std::get<2>(*level.order.begin())).begin()->second;
}

std::vector<Waiting> RunQueue::take_larger_than(int nodes) {
  std::vector<Waiting> larger;
  for (const auto& [key, waiting] : waiting_) {
    if (waiting->node_count > nodes) larger.push_back(*waiting);
  }
  for (const Waiting& waiting : larger) remove(waiting.run_key);
  return larger;
}

std::optional<Waiting> RunQueue::take(int free_nodes) {
  const Waiting* next = first();
  if (next == nullptr || next->node_count > free_nodes) return std::nullopt;
  Waiting taken = *next;
  remove(taken.run_key);
  // The count orders every level that the experiment waits in, so those places are moved along with it.
  const auto waits_in = [&](const Level& level) { return level.lines.contains(taken.experiment); };
  bool waits = false;
  for (auto& [priority, level] : levels_) {
    if (waits_in(level)) {
      waits = true;
      level.order.erase(place(level, taken.experiment));
    }
  }
  if (!waits) {
    granted_.erase(taken.experiment);
    return taken;
  }
  ++granted_[taken.experiment];
  for (auto& [priority, level] : levels_) {
    if (waits_in(level)) level.order.insert(place(level, taken.experiment));
  }
  return taken;
}

}  // namespace muster::scheduler
