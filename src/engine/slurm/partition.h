#pragma once
// The partitions of a cluster and their nodes, as Slurm tells of them. Pure.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace muster::engine::slurm {

struct Partition {
  std::string name = {};
  std::chrono::seconds longest{0};  ///< of a job; 0: no limit
  int most_nodes = 0;               ///< of a job: what it has, or fewer
  std::string state = {};           ///< "UP", "DOWN", "DRAIN", "INACTIVE"
  // Of all its nodes together, those too that are powered down.
  int nodes = 0;
  std::int64_t cpus = 0;
  std::int64_t memory_mb = 0;
  int gpus = 0;
};
/// Of `scontrol show partition --oneliner`: the first, or all.
Partition parse_partition(std::string_view text);
std::vector<Partition> parse_partitions(std::string_view text);

/// What sinfo has to print, for parse_node_sizes().
inline constexpr const char* kSizeFormat = "%R|%D|%c|%m|%G|%f";

/// Nodes of a partition that are alike. Cloud nodes that are powered down are not among them.
struct NodeSize {
  std::string partition;
  int nodes = 0;
  std::int64_t cpus = 0;  ///< of each
  std::int64_t memory_mb = 0;
  int gpus = 0;
  std::string features = {};  ///< "k80,ssd"
};
/// Lines of no nodes are left out, and so is what is no such line.
std::vector<NodeSize> parse_node_sizes(std::string_view text);

}  // namespace muster::engine::slurm
