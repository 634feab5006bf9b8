#include "engine/local/gpu_ledger.h"

#include <algorithm>
#include <numeric>

namespace muster::engine {

int part_of(int count, int parts, int part) {
  if (part < 0 || part >= parts) return 0;
  return count / parts + (part < count % parts ? 1 : 0);
}

std::optional<std::vector<std::vector<std::string>>> GpuLedger::take(const std::string& run_id, const std::vector<int>& counts) {
  if (std::accumulate(counts.begin(), counts.end(), 0) > free()) return std::nullopt;
  std::vector<std::vector<std::string>> nodes;
  auto next = gpus_.begin();
  for (const int wanted : counts) {
    std::vector<std::string>& node = nodes.emplace_back();
    while (static_cast<int>(node.size()) < wanted) {
      if (holders_.emplace(*next, run_id).second) node.push_back(*next);
      ++next;
    }
  }
  return nodes;
}

void GpuLedger::adopt(const std::string& run_id, const std::vector<std::string>& gpus) {
  for (const std::string& gpu : gpus) {
    if (std::find(gpus_.begin(), gpus_.end(), gpu) != gpus_.end()) holders_[gpu] = run_id;
  }
}

void GpuLedger::release(const std::string& run_id) {
  std::erase_if(holders_, [&](const auto& holder) { return holder.second == run_id; });
}

}  // namespace muster::engine
