#pragma once
// The targets that a cluster could have: one for each size of nodes of each partition. Pure.

#include <vector>

#include "engine/registry.h"
#include "engine/slurm/partition.h"

namespace muster::engine::slurm {

/// In the order of the partitions. Nodes that Slurm does not list (cloud nodes that are powered down) are taken for as large as those that
/// it lists, or as each other, where the partition's sums allow it; else they are left out.
std::vector<Proposal> propose(const std::vector<Partition>& partitions, const std::vector<NodeSize>& sizes);

}  // namespace muster::engine::slurm
