#include "scheduler/targets.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/plural.h"

namespace muster::scheduler {

std::vector<std::string> Targets::define(const model::ComputeTarget& target, TimeUs now) {
  return targets_.with([&](auto& targets) {
    std::vector<std::string> moved;
    const TargetName name{target.workspace, target.name};
    engine::NodePool* const pool = pool_of_(target.engine);
    if (pool != nullptr) pool->define(target, now);
    const auto known = targets.find(name);
    if (known == targets.end()) {
      targets.emplace(name, Target{target, pool});
      return moved;
    }
    Target& one = known->second;
    one.definition = target;
    if (pool == nullptr) return moved;
    const int most = pool->most_nodes(name);
    std::erase_if(one.too_large, [&](const auto& entry) {
      moved.push_back(entry.second.run_id);  // what it is told has changed either way
      if (entry.second.node_count > most) return false;
      one.queue.add(entry.second);
      return true;
    });
    for (Waiting& waiting : one.queue.take_larger_than(most)) {
      moved.push_back(waiting.run_id);
      one.too_large.emplace(waiting.run_key, std::move(waiting));
    }
    return moved;
  });
}

void Targets::forget(const TargetName& name) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(name);
    if (target == targets.end()) return;
    if (target->second.pool != nullptr) target->second.pool->forget(name);
    targets.erase(target);
  });
}

bool Targets::enqueue(const model::Run& run) {
  return targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return true;  // it was deleted: the run says so
    if (target->second.pool == nullptr) return false;
    Waiting waiting{run.key, run.run_id, run.spec.experiment, run.spec.priority, run.created_at, run.spec.node_count};
    if (run.spec.node_count > target->second.pool->most_nodes(target->first))
      target->second.too_large.insert_or_assign(run.key, std::move(waiting));
    else
      target->second.queue.add(std::move(waiting));
    return true;
  });
}

void Targets::leave(const model::Run& run) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    target->second.queue.remove(run.key);
    target->second.too_large.erase(run.key);
    if (target->second.pool != nullptr) target->second.pool->withdraw(target->first, run.run_id);
  });
}

std::string Targets::waiting_words(const model::Run& run) const {
  return targets_.with([&](const auto& targets) -> std::string {
    const auto at = targets.find(target_of(run));
    if (at == targets.end()) return fmt::format("waiting for the compute target {}, which was deleted", run.spec.compute_target);
    const Target& target = at->second;
    if (target.pool == nullptr) return "";
    if (target.too_large.contains(run.key)) {
      const std::string wanted = run.spec.node_count == 1 ? "a node" : counted(static_cast<std::uint64_t>(run.spec.node_count), "node");
      return fmt::format("waiting for {}: the compute target {} has at most {} now; make it larger, or cancel the run", wanted,
                         target.definition.name, counted(static_cast<std::uint64_t>(target.pool->most_nodes(at->first)), "node"));
    }
    return target.pool->waiting_words(at->first, run.spec.node_count, target.queue.size() > 0 ? target.queue.size() - 1 : 0);
  });
}

std::optional<Targets::Granted> Targets::grant_next(const TargetName& name, TimeUs now) {
  return targets_.with([&](auto& targets) -> std::optional<Granted> {
    const auto target = targets.find(name);
    if (target == targets.end() || target->second.pool == nullptr) return std::nullopt;
    const Waiting* first = target->second.queue.first();
    if (first == nullptr) return std::nullopt;
    auto nodes = target->second.pool->grant(name, {first->run_id, first->node_count, first->since}, now);
    if (!nodes) return std::nullopt;
    const auto next = target->second.queue.take(first->node_count);
    return Granted{next->run_key, next->run_id, std::move(*nodes)};
  });
}

std::vector<engine::NodePool*> Targets::pools() const {
  return targets_.with([](const auto& targets) {
    std::set<engine::NodePool*> all;
    for (const auto& [name, target] : targets) {
      if (target.pool != nullptr) all.insert(target.pool);
    }
    return std::vector<engine::NodePool*>(all.begin(), all.end());
  });
}

std::vector<TargetName> Targets::waiting_for_others() const {
  std::vector<TargetName> names;
  for (const engine::NodePool* pool : pools()) {
    const auto more = pool->waiting_for_others();
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

void Targets::adopt(const model::Run& run, TimeUs now) {
  std::vector<engine::GrantedNode> nodes;
  for (const model::RunNode& node : run.nodes) nodes.push_back({node.host, node.gpus});
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target != targets.end() && target->second.pool != nullptr) target->second.pool->adopt(target->first, run.run_id, nodes, now);
  });
}

void Targets::heard_from(const model::Run& run, int node_rank, TimeUs now) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end() || target->second.pool == nullptr) return;
    for (const model::RunNode& node : run.nodes) {
      if (node.node_rank == node_rank) target->second.pool->heard_from(target->first, node.host, now);
    }
  });
}

void Targets::release(const model::Run& run, TimeUs now) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target != targets.end() && target->second.pool != nullptr) target->second.pool->release(target->first, run.run_id, now);
  });
}

engine::NodePool::Tick Targets::tick(TimeUs now) {
  engine::NodePool::Tick all;
  for (engine::NodePool* pool : pools()) {
    const auto tick = pool->tick(now);
    all.changed.insert(all.changed.end(), tick.changed.begin(), tick.changed.end());
    if (tick.next) all.next = all.next ? std::min(*all.next, *tick.next) : *tick.next;
  }
  return all;
}

int Targets::queued_runs(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    const auto at = targets.find(name);
    return at == targets.end() ? 0 : static_cast<int>(at->second.queue.size() + at->second.too_large.size());
  });
}

std::optional<model::ComputeTarget> Targets::definition(const TargetName& name) const {
  return targets_.with([&](const auto& targets) -> std::optional<model::ComputeTarget> {
    const auto at = targets.find(name);
    if (at == targets.end()) return std::nullopt;
    return at->second.definition;
  });
}

bool Targets::low_priority(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    const auto at = targets.find(name);
    return at != targets.end() && at->second.definition.vm_priority == "lowpriority";
  });
}

bool Targets::engine_grants_nodes(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    const auto at = targets.find(name);
    return at != targets.end() && at->second.pool == nullptr;
  });
}

}  // namespace muster::scheduler
