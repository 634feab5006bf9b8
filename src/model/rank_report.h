#pragma once
// How one rank ended, and which of several failures was the cause.

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "model/printed_exception.h"
#include "model/run_error.h"

namespace muster::model {

/// The `rank` of what started the ranks (mpirun), when it has something to tell itself.
inline constexpr int kLauncherRank = -1;

struct RankReport {
  int rank = 0;  ///< kLauncherRank: mpirun
  int local_rank = 0;
  int node_rank = 0;
  std::optional<int> exit_code;  ///< one of exit_code and signal is set; neither when it ended while no runner was there to see it
  std::string signal;            ///< "SIGSEGV"
  bool out_of_memory = false;
  bool stopped_by_us = false;       ///< it ended after we asked it to: never a cause
  bool start_failed = false;        ///< the node could not start it; why is exception.message
  bool environment_failed = false;  ///< because its environment could not be prepared there; with start_failed
  TimeUs started_at = 0;
  TimeUs ended_at = 0;  ///< on the server's clock
  std::string log;
  std::optional<PrintedException> exception;
  std::string last_lines;  ///< of its log, when no exception in there says why it failed

  bool succeeded() const { return exit_code == 0; }
  bool operator==(const RankReport&) const = default;
};
/// All keys of docs/rest-api.md, "rank report".
Json to_json(const RankReport& report);
Result<RankReport> rank_report_from_json(const Json& json);

/// The cause among failed ranks (design §4.9): a rank's own exception or signal before errors of communication (connection reset or closed,
/// Gloo, NCCL, MPI abort, Horovod shut down), then the earliest end. Nothing when no rank failed by itself. Which reports are
/// close enough in time to be one failure is the caller's to say.
std::optional<RankReport> choose_cause(const std::vector<RankReport>& reports);

/// The run's error as people read it, e.g. "ValueError: bad shape (rank 3 on node 1, exit code 1)".
RunError to_run_error(const RankReport& cause, int world_size);

}  // namespace muster::model
