#include "scheduler/targets.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/plural.h"
#include "base/text.h"

namespace muster::scheduler {
namespace {

/// A run on `local` may have this many nodes; how many runs there are at once is what is limited.
constexpr int kLocalNodes = 1000;

/// The first number from 0 that no run has.
int free_place(const std::map<std::string, int>& places) {
  for (int place = 0;; ++place) {
    if (std::none_of(places.begin(), places.end(), [&](const auto& one) { return one.second == place; })) return place;
  }
}

/// 3 of "cpu-cluster-3"; -1 when it ends in no number.
int number_of(const std::string& node_id) {
  std::int64_t number = -1;
  return parse_int64(node_id.substr(node_id.rfind('-') + 1), number) ? static_cast<int>(number) : -1;
}

/// How many of the machine's GPUs each of these nodes has. A cluster's are divided over its nodes. `local`'s are divided over its runs at
/// once, and a run's over its nodes.
std::vector<int> gpu_counts(const TargetLimits& limits, int gpus, int place, const std::vector<std::string>& node_ids) {
  const int of_run = part_of(gpus, std::max(1, limits.runs_at_once), place);
  std::vector<int> counts;
  for (const std::string& id : node_ids) {
    const int index = static_cast<int>(counts.size());
    counts.push_back(limits.runs_at_once > 0 ? part_of(of_run, static_cast<int>(node_ids.size()), index)
                                             : part_of(gpus, limits.max_nodes, number_of(id)));
  }
  return counts;
}

}  // namespace

int default_local_runs_at_once(int gpus) {
  if (gpus > 0) return gpus;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

std::vector<std::string> Targets::define(const model::ComputeTarget& target, TimeUs now) {
  TargetLimits limits;
  if (target.type == "local") {
    limits = {0, kLocalNodes, local_runs_at_once_, std::chrono::seconds(0)};
  } else {
    limits = {target.min_nodes, target.max_nodes, 0, std::chrono::seconds(target.idle_seconds_before_scaledown)};
  }
  return targets_.with([&](auto& targets) {
    std::vector<std::string> moved;
    const TargetName name{target.workspace, target.name};
    const auto known = targets.find(name);
    if (known == targets.end()) {
      targets.emplace(name, Target{target, TargetNodes(target.name, limits, now), RunQueue()});
      return moved;
    }
    Target& one = known->second;
    one.definition = target;
    one.nodes.set_limits(limits, now);
    one.lacks_gpus = false;  // looked at anew
    for (Waiting& waiting : one.queue.take_larger_than(limits.max_nodes)) {
      moved.push_back(waiting.run_id);
      one.too_large.emplace(waiting.run_key, std::move(waiting));
    }
    std::erase_if(one.too_large, [&](const auto& entry) {
      moved.push_back(entry.second.run_id);  // what it is told has changed either way
      if (entry.second.node_count > limits.max_nodes) return false;
      one.queue.add(entry.second);
      return true;
    });
    return moved;
  });
}

void Targets::forget(const TargetName& name) {
  targets_.with([&](auto& targets) { targets.erase(name); });
}

void Targets::enqueue(const model::Run& run) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    Waiting waiting{run.key, run.run_id, run.spec.experiment, run.spec.priority, run.created_at, run.spec.node_count};
    if (run.spec.node_count > target->second.nodes.limits().max_nodes)
      target->second.too_large.insert_or_assign(run.key, std::move(waiting));
    else
      target->second.queue.add(std::move(waiting));
  });
}

void Targets::leave(const model::Run& run) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    target->second.queue.remove(run.key);
    target->second.too_large.erase(run.key);
  });
}

std::string Targets::waiting_words(const model::Run& run) const {
  return targets_.with([&](const auto& targets) -> std::string {
    const auto at = targets.find(target_of(run));
    if (at == targets.end()) return fmt::format("waiting for the compute target {}, which was deleted", run.spec.compute_target);
    const Target& target = at->second;
    const std::string wanted = run.spec.node_count == 1 ? "a node" : counted(static_cast<std::uint64_t>(run.spec.node_count), "node");
    if (target.too_large.contains(run.key)) {
      return fmt::format("waiting for {}: the compute target {} has at most {} now; make it larger, or cancel the run", wanted,
                         target.definition.name, counted(static_cast<std::uint64_t>(target.nodes.limits().max_nodes), "node"));
    }
    const std::size_t others = target.queue.size() > 0 ? target.queue.size() - 1 : 0;
    if (target.lacks_gpus) return fmt::format("waiting for GPUs: runs of other compute targets have those of {}", target.definition.name);
    const std::string line = others == 0 ? "" : fmt::format("; {} {} waiting", counted(others, "more run"), others == 1 ? "is" : "are");
    if (target.nodes.limits().runs_at_once > 0) {
      return fmt::format("waiting for {}: it takes {} at once and has {}{}", target.definition.name,
                         counted(static_cast<std::uint64_t>(target.nodes.limits().runs_at_once), "run"), target.nodes.runs(), line);
    }
    return fmt::format("waiting for {} of {}: {} of at most {} {} free{}", wanted, target.definition.name, target.nodes.free_nodes(),
                       target.nodes.limits().max_nodes, target.nodes.free_nodes() == 1 ? "is" : "are", line);
  });
}

std::optional<Targets::Granted> Targets::grant_next(const TargetName& name, TimeUs now) {
  return targets_.with([&](auto& targets) -> std::optional<Granted> {
    const auto target = targets.find(name);
    if (target == targets.end()) return std::nullopt;
    target->second.lacks_gpus = false;
    const Waiting* first = target->second.queue.first();
    if (first == nullptr) return std::nullopt;
    TargetNodes nodes = target->second.nodes;
    auto ids = nodes.grant(first->run_id, first->node_count, now);
    if (!ids) return std::nullopt;
    auto gpus = take_gpus(targets, target->second, *first, *ids);
    if (!gpus) return std::nullopt;
    const auto next = target->second.queue.take(target->second.nodes.free_nodes());
    target->second.nodes = std::move(nodes);
    return Granted{next->run_key, next->run_id, std::move(*ids), std::move(*gpus)};
  });
}

/// Those of each node, or nothing: then the target is noted as lacking them.
std::optional<std::vector<std::string>> Targets::take_gpus(All& targets, Target& target, const Waiting& run,
                                                           const std::vector<std::string>& node_ids) {
  std::vector<std::string> of_nodes(node_ids.size());
  if (target.definition.engine != "local") return of_nodes;
  return gpus_.with([&](GpuLedger& ledger) -> std::optional<std::vector<std::string>> {
    const int place = free_place(target.places);
    const std::vector<int> counts = gpu_counts(target.nodes.limits(), ledger.count(), place, node_ids);
    const bool wants_any = std::any_of(counts.begin(), counts.end(), [](int count) { return count > 0; });
    const bool behind = std::any_of(targets.begin(), targets.end(), [&](const auto& other) {
      const Waiting* first = other.second.queue.first();
      return other.second.lacks_gpus && first != nullptr && first->since < run.since;
    });
    const auto taken = wants_any && behind ? std::nullopt : ledger.take(run.run_id, counts);
    target.lacks_gpus = !taken;
    if (!taken) return std::nullopt;
    target.places[run.run_id] = place;
    for (std::size_t i = 0; i < of_nodes.size(); ++i) of_nodes[i] = join((*taken)[i], ",");
    return of_nodes;
  });
}

std::vector<TargetName> Targets::lacking_gpus() const {
  return targets_.with([&](const auto& targets) {
    std::vector<std::pair<std::int64_t, TargetName>> lacking;
    for (const auto& [name, target] : targets) {
      if (const Waiting* first = target.queue.first(); first != nullptr && target.lacks_gpus) lacking.emplace_back(first->since, name);
    }
    std::sort(lacking.begin(), lacking.end());
    std::vector<TargetName> names;
    for (auto& [since, name] : lacking) names.push_back(std::move(name));
    return names;
  });
}

void Targets::adopt(const model::Run& run, TimeUs now) {
  std::vector<std::string> ids;
  for (const model::RunNode& node : run.nodes) ids.push_back(node.host);
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    target->second.nodes.adopt(run.run_id, ids, now);
    target->second.places.emplace(run.run_id, free_place(target->second.places));
  });
  gpus_.with([&](GpuLedger& ledger) {
    for (const model::RunNode& node : run.nodes) {
      for (const std::string_view gpu : split(node.gpus, ',')) ledger.adopt(run.run_id, {std::string(gpu)});
    }
  });
}

void Targets::heard_from(const model::Run& run, int node_rank, TimeUs now) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    for (const model::RunNode& node : run.nodes) {
      if (node.node_rank == node_rank) target->second.nodes.heard_from(node.host, now);
    }
  });
}

void Targets::release(const model::Run& run, TimeUs now) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    target->second.nodes.release(run.run_id, now);
    target->second.places.erase(run.run_id);
  });
  gpus_.with([&](GpuLedger& ledger) { ledger.release(run.run_id); });
}

Targets::Tick Targets::tick(TimeUs now) {
  return targets_.with([&](auto& targets) {
    Tick tick;
    for (auto& [name, target] : targets) {
      if (target.nodes.tick(now)) tick.changed.push_back(name);
      const auto deadline = target.nodes.deadline();
      if (deadline) tick.next = tick.next ? std::min(*tick.next, *deadline) : *deadline;
    }
    return tick;
  });
}

TargetStatus Targets::status(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    TargetStatus status;
    const auto at = targets.find(name);
    if (at == targets.end()) return status;
    const TargetNodes& nodes = at->second.nodes;
    for (const TargetNodes::Node& node : nodes.nodes())
      status.nodes.push_back({node.node_id, std::string(to_string(node.state)), node.run_id});
    status.target_node_count = nodes.target_count();
    status.resizing = nodes.resizing();
    status.allocation_state_since = nodes.allocation_state_since();
    status.queued_runs = static_cast<int>(at->second.queue.size() + at->second.too_large.size());
    return status;
  });
}

bool Targets::low_priority(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    const auto at = targets.find(name);
    return at != targets.end() && at->second.definition.vm_priority == "lowpriority";
  });
}

std::string Targets::engine(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    const auto at = targets.find(name);
    return at == targets.end() ? std::string("local") : at->second.definition.engine;
  });
}

}  // namespace muster::scheduler
