#pragma once
// mpirun's remote agent (plm_rsh_agent) for nodes that are processes of this machine.

namespace muster::rank {

/// Runs `command` (null-terminated; mpirun's words for a remote shell) as the node named `node`: in that node's process group, run folder
/// and temporary folder. The file that MUSTER_RANK_NODES names says what that is (launch/mpi.h). Does not return when it works; 125 and a
/// line on stderr otherwise.
int run_agent(const char* node, char** command);

}  // namespace muster::rank
