#include "engine/slurm/target_status.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace muster::engine::slurm {
namespace {

/// Whether the attempt's run waits for nodes again.
bool waits_again(const std::map<std::int64_t, Watched>& jobs, const AttemptId& id) {
  return std::any_of(jobs.begin(), jobs.end(), [&](const auto& one) {
    const Watched& other = one.second;
    return other.id.run_id == id.run_id && other.id.attempt == id.attempt + 1 && other.hosts.empty() && !other.is_coming &&
           !other.has_ended();
  });
}

std::string name_of(std::int64_t job, const Watched& watched, std::size_t index) {
  return index < watched.hosts.size() ? watched.hosts[index] : fmt::format("job {}, {}", job, watched.keys[index]);
}

/// "" for a node that the target does not have.
std::string state_of(const Watched& watched, std::size_t index) {
  if (index >= watched.hosts.size()) return watched.is_coming ? "preparing" : "";
  return watched.is_leaving || watched.gone.contains(watched.keys[index]) ? "leaving" : "running";
}

}  // namespace

TargetStatus status_of(const std::map<std::int64_t, Watched>& jobs, const TargetName& target) {
  TargetStatus status;
  for (const auto& [job, watched] : jobs) {
    if (watched.target != target || !watched.host.empty()) continue;
    if (watched.has_ended()) {
      if (!watched.was_preempted || !waits_again(jobs, watched.id)) continue;
      for (std::size_t i = 0; i < watched.hosts.size(); ++i) status.nodes.push_back({watched.hosts[i], "preempted", watched.id.run_id});
      continue;
    }
    for (std::size_t i = 0; i < watched.keys.size(); ++i) {
      const std::string state = state_of(watched, i);
      if (state.empty()) continue;
      status.nodes.push_back({name_of(job, watched, i), state, watched.id.run_id});
      if (state != "leaving") ++status.target_node_count;
      status.resizing = status.resizing || state != "running";
    }
  }
  return status;
}

void AllocationTimes::look(const std::map<std::int64_t, Watched>& jobs, TimeUs now) {
  std::set<TargetName> targets;
  for (const auto& [job, watched] : jobs) targets.insert(watched.target);
  for (const auto& [target, state] : states_) targets.insert(target);
  for (const TargetName& target : targets) {
    const bool resizing = status_of(jobs, target).resizing;
    const auto [at, is_new] = states_.try_emplace(target, State{resizing, now});
    if (!is_new && at->second.resizing != resizing) at->second = {resizing, now};
  }
}

TimeUs AllocationTimes::since(const TargetName& target) const {
  const auto at = states_.find(target);
  return at == states_.end() ? 0 : at->second.since;
}

}  // namespace muster::engine::slurm
