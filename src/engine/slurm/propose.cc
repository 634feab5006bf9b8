#include "engine/slurm/propose.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "model/names.h"

namespace muster::engine::slurm {
namespace {

constexpr int kMostNodesOfTarget = 1000;  // api/openapi.yaml
constexpr std::size_t kLongestTargetName = 16;
/// What a slurm.conf that says nothing of memory gives each node.
constexpr std::int64_t kMemoryNotTold = 1;

/// "gpu_long" → "gpu-long", or "gpu-long-2" where that is taken.
std::string name_for(const std::string& partition, std::set<std::string>& taken) {
  std::string base;
  for (const char c : partition) base += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  if (base.empty() || std::isalpha(static_cast<unsigned char>(base.front())) == 0) base = "p" + base;
  for (int number = 1;; ++number) {
    const std::string suffix = number == 1 ? "" : fmt::format("-{}", number);
    std::string name = base.substr(0, kLongestTargetName - suffix.size()) + suffix;
    if (!model::compute_name_fault(name) && name != "local" && taken.insert(name).second) return name;
  }
}

bool is_alike(const NodeSize& one, const NodeSize& other) {
  return one.cpus == other.cpus && one.memory_mb == other.memory_mb && one.gpus == other.gpus && one.features == other.features;
}

/// The partition's nodes by size, those too that sinfo does not show.
std::vector<NodeSize> sizes_of(const Partition& partition, const std::vector<NodeSize>& all) {
  std::vector<NodeSize> sizes;
  NodeSize hidden{partition.name, partition.nodes, partition.cpus, partition.memory_mb, partition.gpus};
  for (const NodeSize& size : all) {
    if (size.partition != partition.name) continue;
    hidden.nodes -= size.nodes;
    hidden.cpus -= size.nodes * size.cpus;
    hidden.memory_mb -= size.nodes * size.memory_mb;
    hidden.gpus -= size.nodes * size.gpus;
    const auto same = std::find_if(sizes.begin(), sizes.end(), [&](const NodeSize& one) { return is_alike(one, size); });
    if (same == sizes.end())
      sizes.push_back(size);
    else
      same->nodes += size.nodes;
  }
  if (hidden.nodes <= 0 || hidden.cpus <= 0 || hidden.cpus % hidden.nodes != 0 || hidden.gpus % hidden.nodes != 0) return sizes;
  hidden.cpus /= hidden.nodes;
  hidden.memory_mb = std::max<std::int64_t>(0, hidden.memory_mb / hidden.nodes);
  hidden.gpus = std::max(0, hidden.gpus / hidden.nodes);
  const auto same = std::find_if(sizes.begin(), sizes.end(), [&](const NodeSize& one) {
    return one.cpus == hidden.cpus && one.memory_mb == hidden.memory_mb && one.gpus == hidden.gpus;
  });
  if (same == sizes.end())
    sizes.push_back(hidden);
  else
    same->nodes += hidden.nodes;
  return sizes;
}

std::string remark_on(const Partition& partition) {
  if (partition.state == "DOWN") return "takes jobs and starts none now (DOWN)";
  if (partition.state == "DRAIN") return "takes no jobs now (DRAIN)";
  if (partition.state == "INACTIVE") return "takes and starts no jobs now (INACTIVE)";
  return "";
}

Proposal proposal_of(const Partition& partition, const NodeSize& size, std::string name) {
  Proposal one;
  one.name = std::move(name);
  one.max_nodes = std::clamp(std::min(size.nodes, partition.most_nodes), 1, kMostNodesOfTarget);
  one.cpus = static_cast<int>(size.cpus);
  if (size.memory_mb > kMemoryNotTold) one.memory_mb = static_cast<std::uint64_t>(size.memory_mb);
  one.gpus = size.gpus;
  one.features = size.features;
  one.longest = partition.longest;
  one.remark = remark_on(partition);
  one.engine_options["partition"] = partition.name;
  if (one.cpus > 0) one.engine_options["cpus"] = one.cpus;
  if (one.memory_mb > 0) one.engine_options["memory"] = fmt::format("{}M", one.memory_mb);
  if (one.gpus > 0) one.engine_options["gpus"] = one.gpus;
  return one;
}

}  // namespace

std::vector<Proposal> propose(const std::vector<Partition>& partitions, const std::vector<NodeSize>& sizes) {
  std::vector<Proposal> proposals;
  std::set<std::string> taken;
  for (const Partition& partition : partitions) {
    for (const NodeSize& size : sizes_of(partition, sizes))
      proposals.push_back(proposal_of(partition, size, name_for(partition.name, taken)));
  }
  return proposals;
}

}  // namespace muster::engine::slurm
