#pragma once
// One MPI rank, wrapped: its own log file, its arguments with this rank's variables, and a record of how it ended that outlives mpirun.

namespace muster::rank {

/// Starts `command` (null-terminated) in a session of its own and waits for it. stdout and stderr go to
/// MUSTER_RANK_FOLDER/70_driver_log_rank_<rank>.txt, the working folder is MUSTER_RUN_DIR. Writes MUSTER_RANK_FOLDER/<rank>.started and,
/// when it ends, <rank>.ended (rank_record.h); keeps mpirun's signals from it. Ends as the rank ended: same exit code, or by the same
/// signal; 125 when it could not be started.
int run_rank(char** command);

}  // namespace muster::rank
