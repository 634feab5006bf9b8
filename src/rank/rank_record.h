#pragma once
// What muster-rank leaves for the runner: a line of text, written whole. No JSON, no library: it is written by a tiny static program, and between fork and the end.

#include <cstdint>
#include <optional>
#include <string>

namespace muster::rank {

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
