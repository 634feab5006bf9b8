#include "rank/rank_record.h"

#include <cinttypes>
#include <cstdio>

namespace muster::rank {

std::string to_line(const RankRecord& record) {
  char line[192];
  std::snprintf(line, sizeof line, "muster-rank 1 %d %d %d %" PRId64 " %" PRId64 " %d %d\n", record.rank, record.local_rank, record.pid,
                record.started_at, record.ended_at, record.exit_code, record.signal);
  return line;
}

std::optional<RankRecord> from_line(const std::string& line) {
  RankRecord record;
  int used = 0;
  const int fields = std::sscanf(line.c_str(), "muster-rank 1 %d %d %d %" SCNd64 " %" SCNd64 " %d %d\n%n", &record.rank, &record.local_rank,
                                 &record.pid, &record.started_at, &record.ended_at, &record.exit_code, &record.signal, &used);
  if (fields != 7 || line.empty() || line.back() != '\n') return std::nullopt;
  return record;
}

}  // namespace muster::rank
