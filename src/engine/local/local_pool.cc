#include "engine/local/local_pool.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/plural.h"
#include "base/text.h"

namespace muster::engine {
namespace {

/// A run on `local` may have this many nodes; how many runs there are at once is what is limited.
constexpr int kLocalNodes = 1000;

/// The first number from 0 that no run has.
int free_place(const std::map<int, std::string>& places) {
  int place = 0;
  for (const auto& [taken, run_id] : places) {
    if (taken != place) break;
    ++place;
  }
  return place;
}

/// How many of the machine's GPUs each of these nodes has. A cluster's are divided over its nodes. `local`'s are divided over its runs at
/// once, and a run's over its nodes.
std::vector<int> gpu_counts(const TargetLimits& limits, int gpus, int place, const std::vector<std::string>& node_ids) {
  const int of_run = part_of(gpus, std::max(1, limits.runs_at_once), place);
  std::vector<int> counts;
  for (const std::string& id : node_ids) {
    const int index = static_cast<int>(counts.size());
    counts.push_back(limits.runs_at_once > 0 ? part_of(of_run, static_cast<int>(node_ids.size()), index)
                                             : part_of(gpus, limits.max_nodes, number_of_node(id)));
  }
  return counts;
}

}  // namespace

int default_local_runs_at_once(int gpus) {
  if (gpus > 0) return gpus;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

LocalPool::LocalPool(LocalOptions options)
    : runs_at_once_(options.runs_at_once > 0 ? options.runs_at_once : default_local_runs_at_once(static_cast<int>(options.gpus.size()))),
      state_(State{{}, GpuLedger(std::move(options.gpus))}) {}

void LocalPool::define(const model::ComputeTarget& target, TimeUs now) {
  TargetLimits limits;
  if (target.type == "local") {
    limits = {0, kLocalNodes, runs_at_once_, std::chrono::seconds(0)};
  } else {
    limits = {target.min_nodes, target.max_nodes, 0, std::chrono::seconds(target.idle_seconds_before_scaledown)};
  }
  state_.with([&](State& state) {
    const TargetName name{target.workspace, target.name};
    const auto known = state.targets.find(name);
    if (known == state.targets.end()) {
      state.targets.emplace(name, Target{TargetNodes(target.name, limits, now)});
      return;
    }
    known->second.nodes.set_limits(limits, now);
    known->second.lacks_gpus.reset();  // looked at anew
  });
}

void LocalPool::forget(const TargetName& name) {
  state_.with([&](State& state) { state.targets.erase(name); });
}

int LocalPool::most_nodes(const TargetName& name) const {
  return state_.with([&](const State& state) {
    const auto at = state.targets.find(name);
    return at == state.targets.end() ? 0 : at->second.nodes.limits().max_nodes;
  });
}

std::optional<std::vector<GrantedNode>> LocalPool::grant(const TargetName& name, const Request& request, TimeUs now) {
  return state_.with([&](State& state) -> std::optional<std::vector<GrantedNode>> {
    const auto target = state.targets.find(name);
    if (target == state.targets.end()) return std::nullopt;
    target->second.lacks_gpus.reset();
    const auto ids = target->second.nodes.available(request.node_count);
    if (!ids) return std::nullopt;
    const auto gpus = take_gpus(state, target->second, request, *ids);
    if (!gpus) return std::nullopt;
    target->second.nodes.grant(request.run_id, *ids, now);
    std::vector<GrantedNode> granted;
    for (std::size_t i = 0; i < ids->size(); ++i) granted.push_back({(*ids)[i], (*gpus)[i]});
    return granted;
  });
}

/// Those of each node, or nothing: then the target is noted as lacking them. A run that waits for GPUs lets none be given to younger ones.
std::optional<std::vector<std::string>> LocalPool::take_gpus(State& state, Target& target, const Request& request,
                                                             const std::vector<std::string>& node_ids) {
  const int place = free_place(target.places);
  const std::vector<int> counts = gpu_counts(target.nodes.limits(), state.gpus.count(), place, node_ids);
  const bool wants_any = std::any_of(counts.begin(), counts.end(), [](int count) { return count > 0; });
  const bool behind = std::any_of(state.targets.begin(), state.targets.end(), [&](const auto& other) {
    return other.second.lacks_gpus && other.second.lacks_gpus->since < request.since;
  });
  const auto taken = wants_any && behind ? std::nullopt : state.gpus.take(request.run_id, counts);
  if (!taken) {
    target.lacks_gpus = request;
    return std::nullopt;
  }
  target.places[place] = request.run_id;
  std::vector<std::string> of_nodes;
  for (const auto& gpus : *taken) of_nodes.push_back(join(gpus, ","));
  return of_nodes;
}

void LocalPool::withdraw(const TargetName& name, const std::string& run_id) {
  state_.with([&](State& state) {
    const auto target = state.targets.find(name);
    if (target == state.targets.end()) return;
    auto& lacks = target->second.lacks_gpus;
    if (lacks && lacks->run_id == run_id) lacks.reset();
  });
}

std::string LocalPool::waiting_words(const TargetName& name, int node_count, std::size_t others) const {
  return state_.with([&](const State& state) -> std::string {
    const auto at = state.targets.find(name);
    if (at == state.targets.end()) return "";
    const TargetNodes& nodes = at->second.nodes;
    const std::string& target = name.second;
    if (at->second.lacks_gpus) return fmt::format("waiting for GPUs: runs of other compute targets have those of {}", target);
    const std::string line = others == 0 ? "" : fmt::format("; {} {} waiting", counted(others, "more run"), others == 1 ? "is" : "are");
    if (nodes.limits().runs_at_once > 0) {
      return fmt::format("waiting for {}: it takes {} at once and has {}{}", target,
                         counted(static_cast<std::uint64_t>(nodes.limits().runs_at_once), "run"), nodes.runs(), line);
    }
    const std::string wanted = node_count == 1 ? "a node" : counted(static_cast<std::uint64_t>(node_count), "node");
    return fmt::format("waiting for {} of {}: {} of at most {} {} free{}", wanted, target, nodes.free_nodes(), nodes.limits().max_nodes,
                       nodes.free_nodes() == 1 ? "is" : "are", line);
  });
}

std::vector<TargetName> LocalPool::waiting_for_others() const {
  return state_.with([&](const State& state) {
    std::vector<std::pair<std::int64_t, TargetName>> lacking;
    for (const auto& [name, target] : state.targets) {
      if (target.lacks_gpus) lacking.emplace_back(target.lacks_gpus->since, name);
    }
    std::sort(lacking.begin(), lacking.end());
    std::vector<TargetName> names;
    for (auto& [since, name] : lacking) names.push_back(std::move(name));
    return names;
  });
}

void LocalPool::adopt(const TargetName& name, const std::string& run_id, const std::vector<GrantedNode>& nodes, TimeUs now) {
  std::vector<std::string> ids;
  for (const GrantedNode& node : nodes) ids.push_back(node.name);
  state_.with([&](State& state) {
    for (const GrantedNode& node : nodes) {
      for (const std::string_view gpu : split(node.gpus, ',')) state.gpus.adopt(run_id, {std::string(gpu)});
    }
    const auto target = state.targets.find(name);
    if (target == state.targets.end()) return;
    target->second.nodes.adopt(run_id, ids, now);
    target->second.places.emplace(free_place(target->second.places), run_id);
  });
}

void LocalPool::heard_from(const TargetName& name, const std::string& node, TimeUs now) {
  state_.with([&](State& state) {
    const auto target = state.targets.find(name);
    if (target != state.targets.end()) target->second.nodes.heard_from(node, now);
  });
}

void LocalPool::release(const TargetName& name, const std::string& run_id, TimeUs now) {
  state_.with([&](State& state) {
    state.gpus.release(run_id);
    const auto target = state.targets.find(name);
    if (target == state.targets.end()) return;
    target->second.nodes.release(run_id, now);
    std::erase_if(target->second.places, [&](const auto& place) { return place.second == run_id; });
  });
}

NodePool::Tick LocalPool::tick(TimeUs now) {
  return state_.with([&](State& state) {
    Tick tick;
    for (auto& [name, target] : state.targets) {
      if (target.nodes.tick(now)) tick.changed.push_back(name);
      const auto deadline = target.nodes.deadline();
      if (deadline) tick.next = tick.next ? std::min(*tick.next, *deadline) : *deadline;
    }
    return tick;
  });
}

TargetStatus LocalPool::status(const TargetName& name) const {
  return state_.with([&](const State& state) {
    TargetStatus status;
    const auto at = state.targets.find(name);
    if (at == state.targets.end()) return status;
    const TargetNodes& nodes = at->second.nodes;
    for (const TargetNodes::Node& node : nodes.nodes())
      status.nodes.push_back({node.node_id, std::string(to_string(node.state)), node.run_id});
    status.target_node_count = nodes.target_count();
    status.resizing = nodes.resizing();
    status.allocation_state_since = nodes.allocation_state_since();
    return status;
  });
}

}  // namespace muster::engine
