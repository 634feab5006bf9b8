#pragma once
// What a node is measured at, as no rank has logged it: kept as the series of a rank that no process has. Pure.

namespace muster::model {

constexpr int series_rank_of_node(int node_rank) { return -1 - node_rank; }
constexpr int node_of_series_rank(int rank) { return -1 - rank; }

}  // namespace muster::model
