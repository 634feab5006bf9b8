#pragma once
// What a runner has reached (.muster/state.json): enough for another one to end what it started and bring home what is there.

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "model/rank_report.h"

namespace muster::runner {

struct RankState {
  int rank = 0;  ///< model::kLauncherRank: mpirun
  int local_rank = 0;
  std::string log;
  std::int64_t pid = 0;   ///< 0: not started
  TimeUs started_at = 0;  ///< on the server's clock
};

struct RunnerState {
  enum class Phase {
    starting,  ///< ranks may be running, whatever is written here of them
    ended,     ///< no process is left; `reports` are all there is to tell
  };
  Phase phase = Phase::starting;
  Json group;                                  ///< the process group's own state
  std::vector<std::string> container_runtime;  ///< of ranks in containers: the program that has started them, with its options
  std::vector<RankState> ranks;
  std::vector<model::RankReport> reports;  ///< of those that have ended so far
};

Json to_json(const RunnerState& state);
Result<RunnerState> runner_state_from_json(const Json& json);

/// Replaces the file whole. It survives any kill of ours, not a power cut: then the node is lost anyway.
Result<void> save(const RunnerState& state, const std::filesystem::path& path);
/// not_found when no rank was ever started.
Result<RunnerState> load_state(const std::filesystem::path& path);

/// What is told of ranks whose runner was killed: those known to have ended as they did, one that still ran as killed (by whoever takes
/// over), of any other nobody knows.
std::vector<model::RankReport> reports_of_the_lost(const RunnerState& state, const std::vector<int>& still_running, int node_rank,
                                                   TimeUs now);

}  // namespace muster::runner
