#pragma once
// One rank, wrapped: its own log file, of an MPI rank its arguments with this rank's variables, and a record of how it ended that outlives
// mpirun, or a container.

namespace muster::rank {

/// Starts `command` (null-terminated) in a session of its own and waits for it. stdout and stderr go to
/// MUSTER_RANK_FOLDER/70_driver_log_rank_<rank>.txt, the working folder is MUSTER_RUN_DIR. Writes MUSTER_RANK_FOLDER/<rank>.started and,
/// when it ends, <rank>.ended (rank_record.h); keeps mpirun's signals from it. Ends as the rank ended: same exit code, or by the same
/// signal; 125 when it could not be started.
int run_rank(char** command);

/// The same as a container's first program: the rank is MUSTER_RANK, its log MUSTER_RANK_LOG in that folder, and its arguments are left as
/// they are.
int run_contained_rank(char** command);

}  // namespace muster::rank
