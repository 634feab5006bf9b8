#pragma once
// What an MPI launch needs besides the plan: one mpirun on node 0, which starts every rank under `muster-rank`. Pure.
//
// Nodes get names of their own ("muster-node-1") and muster-rank is mpirun's remote agent, so that local ranks and sizes are those of the
// nodes even where several nodes are one machine, and every daemon of Open MPI's stays in its node's process group.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "launch/plan.h"

namespace muster::launch {

/// What mpirun itself says, which is no rank's.
inline constexpr const char* kMpirunLog = "azureml-logs/70_mpi_log.txt";

/// The name by which mpirun knows a node.
std::string mpi_node_name(int node_rank);

/// Where a node's processes of Open MPI keep their sockets and shared memory, named after its process group: short, since a socket's path
/// has 107 bytes.
std::filesystem::path mpi_scratch(const std::filesystem::path& temporary_folder, const std::string& group);

/// One "muster-node-K slots=N" line a node.
std::string mpi_hostfile(int node_count, int processes_per_node);

/// What the remote agent has to know of a node; kept in the file that MUSTER_RANK_NODES names.
struct MpiNode {
  int node_rank = 0;
  std::filesystem::path run_folder;
  std::string group;              ///< its process group's name
  std::filesystem::path scratch;  ///< for Open MPI's session files
  std::vector<std::filesystem::path> cgroups;
};
/// One line a node: name, run folder, group, scratch folder, cgroup folders, with tabs between. invalid when one of them holds a tab or a
/// line's end.
Result<std::string> mpi_nodes_file(const std::vector<MpiNode>& nodes);

struct MpirunInput {
  std::string mpirun;        ///< absolute path
  std::string rank_program;  ///< absolute path of muster-rank, without a space (mpirun splits the agent's command line at them)
  std::filesystem::path hostfile;
  std::filesystem::path nodes_file;
};

/// mpirun itself, with `rank` -1 and the log azureml-logs/70_mpi_log.txt. `plan` is node 0's, `input` what it was made of.
RankPlan plan_mpirun(const LaunchInput& input, const LaunchPlan& plan, const MpirunInput& mpirun);

}  // namespace muster::launch
