#include "scheduler/targets.h"

#include <algorithm>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

namespace muster::scheduler {
namespace {

/// A run on `local` may have this many nodes; how many runs there are at once is what is limited.
constexpr int kLocalNodes = 1000;

}  // namespace

int default_local_runs_at_once() {
  int gpus = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error)) gpus += entry.is_directory() ? 1 : 0;
  if (gpus > 0) return gpus;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()) / 2);
}

void Targets::define(const model::ComputeTarget& target, TimeUs now) {
  TargetLimits limits;
  if (target.type == "local") {
    limits = {0, kLocalNodes, local_runs_at_once_, std::chrono::seconds(0)};
  } else {
    limits = {target.min_nodes, target.max_nodes, 0, std::chrono::seconds(target.idle_seconds_before_scaledown)};
  }
  targets_.with([&](auto& targets) {
    const TargetName name{target.workspace, target.name};
    const auto known = targets.find(name);
    if (known == targets.end()) {
      targets.emplace(name, Target{target, TargetNodes(target.name, limits, now), RunQueue()});
    } else {
      known->second.definition = target;
      known->second.nodes.set_limits(limits, now);
    }
  });
}

void Targets::forget(const TargetName& name) {
  targets_.with([&](auto& targets) { targets.erase(name); });
}

void Targets::enqueue(const model::Run& run) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target == targets.end()) return;
    target->second.queue.add({run.key, run.run_id, run.spec.experiment, run.spec.priority, run.created_at, run.spec.node_count});
  });
}

void Targets::leave(const model::Run& run) {
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target != targets.end()) target->second.queue.remove(run.key);
  });
}

std::string Targets::waiting_words(const model::Run& run) const {
  return targets_.with([&](const auto& targets) -> std::string {
    const auto at = targets.find(target_of(run));
    if (at == targets.end()) return fmt::format("waiting for the compute target {}, which is gone", run.spec.compute_target);
    const Target& target = at->second;
    const std::string wanted = run.spec.node_count == 1 ? "a node" : fmt::format("{} nodes", run.spec.node_count);
    const std::size_t others = target.queue.size() > 0 ? target.queue.size() - 1 : 0;
    const std::string line = others == 0 ? "" : fmt::format("; {} more {} waiting", others, others == 1 ? "run is" : "runs are");
    if (target.nodes.limits().runs_at_once > 0) {
      return fmt::format("waiting for {}: it takes {} {} at once and has {}{}", target.definition.name, target.nodes.limits().runs_at_once,
                         target.nodes.limits().runs_at_once == 1 ? "run" : "runs", target.nodes.runs(), line);
    }
    return fmt::format("waiting for {} of {}: {} of at most {} are free{}", wanted, target.definition.name, target.nodes.free_nodes(),
                       target.nodes.limits().max_nodes, line);
  });
}

std::optional<Targets::Granted> Targets::grant_next(const TargetName& name, TimeUs now) {
  return targets_.with([&](auto& targets) -> std::optional<Granted> {
    const auto target = targets.find(name);
    if (target == targets.end()) return std::nullopt;
    const auto next = target->second.queue.take(target->second.nodes.free_nodes());
    if (!next) return std::nullopt;
    auto ids = target->second.nodes.grant(next->run_id, next->node_count, now);
    return Granted{next->run_key, next->run_id, std::move(*ids)};
  });
}

void Targets::adopt(const model::Run& run, TimeUs now) {
  std::vector<std::string> ids;
  for (const model::RunNode& node : run.nodes) ids.push_back(node.host);
  targets_.with([&](auto& targets) {
    const auto target = targets.find(target_of(run));
    if (target != targets.end()) target->second.nodes.adopt(run.run_id, ids, now);
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
    if (target != targets.end()) target->second.nodes.release(run.run_id, now);
  });
}

std::optional<TimeUs> Targets::tick(TimeUs now) {
  return targets_.with([&](auto& targets) {
    std::optional<TimeUs> next;
    for (auto& [name, target] : targets) {
      target.nodes.tick(now);
      const auto deadline = target.nodes.deadline();
      if (deadline) next = next ? std::min(*next, *deadline) : *deadline;
    }
    return next;
  });
}

TargetStatus Targets::status(const TargetName& name) const {
  return targets_.with([&](const auto& targets) {
    TargetStatus status;
    const auto at = targets.find(name);
    if (at == targets.end()) return status;
    const TargetNodes& nodes = at->second.nodes;
    for (const TargetNodes::Node& node : nodes.nodes()) status.nodes.push_back({node.node_id, std::string(to_string(node.state)), node.run_id});
    status.target_node_count = nodes.target_count();
    status.resizing = nodes.resizing();
    status.allocation_state_since = nodes.allocation_state_since();
    status.queued_runs = static_cast<int>(at->second.queue.size());
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
