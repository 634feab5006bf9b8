#pragma once
// What muster-rank leaves for the runner in MUSTER_RANK_FOLDER. A file a fact, which appears whole or not at all:
//
//   <rank>.started   a line (RankRecord): the rank's process is there
//   <rank>.ended     the same line, with how it ended
//   <rank>.aborted   empty: mpirun wants this rank's end, which is left to the runner (it knows of grace periods)
//   closed           written by the runner: nothing may start here any more
//   gpus             written by the runner: CUDA_VISIBLE_DEVICES of this node's ranks, when they have one
//
// No JSON, no library: it is written by a tiny static program, and between fork and the end.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::rank {

inline constexpr std::string_view kStarted = ".started";
inline constexpr std::string_view kEnded = ".ended";
inline constexpr std::string_view kAborted = ".aborted";
inline constexpr std::string_view kClosed = "closed";
inline constexpr std::string_view kGpus = "gpus";
inline constexpr const char* kGpusVariable = "CUDA_VISIBLE_DEVICES";

struct RankRecord {
  int rank = 0;
  int local_rank = 0;
  int pid = 0;
  std::int64_t started_at = 0;  ///< microseconds since 1970, this node's clock
  std::int64_t ended_at = 0;    ///< 0 while it runs
  int exit_code = -1;           ///< -1 unless it exited
  int signal = 0;               ///< 0 unless a signal ended it
};

std::string to_line(const RankRecord& record);
/// Nothing unless it is a whole line of ours.
std::optional<RankRecord> from_line(const std::string& line);

}  // namespace muster::rank
