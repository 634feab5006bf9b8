#include "launch/mpi.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "launch/job_variables.h"

namespace muster::launch {

std::string mpi_node_name(int node_rank) { return fmt::format("muster-node-{}", node_rank); }

std::filesystem::path mpi_scratch(const std::filesystem::path& temporary_folder, const std::string& group) {
  return temporary_folder / ("muster-" + sha256_hex(group).substr(0, 16));
}

std::string mpi_hostfile(int node_count, int processes_per_node) {
  std::string text;
  for (int node = 0; node < node_count; ++node) text += fmt::format("{} slots={}\n", mpi_node_name(node), processes_per_node);
  return text;
}

Result<std::string> mpi_nodes_file(const std::vector<MpiNode>& nodes) {
  std::string text;
  for (const MpiNode& node : nodes) {
    std::vector<std::string> fields{mpi_node_name(node.node_rank), node.run_folder.string(), node.group, node.scratch.string()};
    for (const auto& folder : node.cgroups) fields.push_back(folder.string());
    for (const std::string& field : fields) {
      if (field.find_first_of("\t\n") != std::string::npos) return fail(Code::invalid, "'{}' holds a tab or a line break", field);
    }
    text += fmt::format("{}\n", fmt::join(fields, "\t"));
  }
  return text;
}

RankPlan plan_mpirun(const LaunchInput& input, const LaunchPlan& plan, const MpirunInput& mpirun) {
  RankPlan result;
  result.rank = model::kLauncherRank;
  result.log = kMpirunLog;
  result.variables = plan.ranks.front().variables;
  result.command = {mpirun.mpirun, "--allow-run-as-root", "--hostfile", mpirun.hostfile.string(), "-np", std::to_string(plan.world_size),
                    "--map-by", "slot",          // node 0 is filled first, then node 1: rank = node rank * processes a node + local rank
                    "--bind-to", "none",         // data loaders and OpenMP threads are not to share one core
                    "--leave-session-attached",  // a daemon that leaves its session would leave the process group's reach too
                    "--mca", "plm", "rsh",       // ours even inside a Slurm allocation
                    "--mca", "plm_rsh_agent", mpirun.rank_program + " agent", "--mca", "plm_rsh_no_tree_spawn", "1",
                    // Where its daemons put a description of the machine in shared memory, Open MPI 4.1.4 was seen to crash at times; ranks
                    // can look for themselves.
                    "--mca", "rtc_hwloc_vmhole", "none",
                    // Ranks are ended by the runners: a daemon that wants to does not get beyond its first signal, which muster-rank notes.
                    "--mca", "odls_base_sigkill_timeout", "1000000"};
  const bool one_machine = input.master_address == "127.0.0.1" || input.master_address == "::1" || input.master_address == "localhost";
  if (one_machine) {
    for (const char* component : {"btl_tcp_if_include", "oob_tcp_if_include"}) {
      result.command.insert(result.command.end(), {"--mca", component, "lo"});
    }
  }
  // By name only: a token must not stand in a command line. What differs between nodes is the agent's to set.
  const auto inputs = result.variables.find("MUSTER_INPUTS");
  const Variables per_node = node_variables({0, "", "any", inputs == result.variables.end() ? "" : inputs->second});
  for (const auto& [name, value] : result.variables) {
    if (!per_node.contains(name) && name != "CUDA_VISIBLE_DEVICES") result.command.insert(result.command.end(), {"-x", name});
  }
  result.variables["MUSTER_RANK_NODES"] = mpirun.nodes_file.string();  // for the agent, not for the ranks
  result.command.insert(result.command.end(), {mpirun.rank_program, "run", "--"});
  const std::vector<std::string>& ranks_command = plan.ranks.front().command;
  result.command.insert(result.command.end(), ranks_command.begin(), ranks_command.end());
  return result;
}

}  // namespace muster::launch
