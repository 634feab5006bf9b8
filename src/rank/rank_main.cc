// muster-rank: a small static program, so that it runs inside anybody's environment.
//
//   muster-rank run -- PROGRAM ARG…          what mpirun starts as each rank: gives the rank its log, its arguments and its folder, and
//   keeps how it ended muster-rank agent NODE PROGRAM ARG…      mpirun's remote agent for nodes that are on this machine: starts `orted` as
//   that node
//
//   muster-rank contained -- PROGRAM ARG…    what a container starts as its rank: the same, of a launch without mpirun
//
// What it needs to know comes in variables (launch/mpi.h): MUSTER_RANK_NODES for the agent, MUSTER_RANK_FOLDER and MUSTER_RUN_DIR for a
// rank.

#include <cstdio>
#include <cstring>

#include "rank/agent.h"
#include "rank/rank.h"

int main(int count, char** arguments) {
  if (count >= 4 && std::strcmp(arguments[1], "run") == 0 && std::strcmp(arguments[2], "--") == 0)
    return muster::rank::run_rank(arguments + 3);
  if (count >= 4 && std::strcmp(arguments[1], "contained") == 0 && std::strcmp(arguments[2], "--") == 0)
    return muster::rank::run_contained_rank(arguments + 3);
  if (count >= 4 && std::strcmp(arguments[1], "agent") == 0) return muster::rank::run_agent(arguments[2], arguments + 3);
  std::fputs("muster-rank is started by Muster's runner and by mpirun; it is not meant to be run by hand\n", stderr);
  return 2;
}
