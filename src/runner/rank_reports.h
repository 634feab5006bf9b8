#pragma once
// What is told of a rank that has ended.

#include <filesystem>
#include <string>

#include "model/rank_report.h"
#include "process/spawn.h"
#include "rank/rank_record.h"
#include "runner/state.h"

namespace muster::runner {

struct EndedRank {
  process::Ended how;
  TimeUs ended_at = 0;              ///< on the server's clock
  bool asked_to_end = false;        ///< by us, before it ended
  bool out_of_memory_kill = false;  ///< the kernel killed a process of its group for want of memory that nothing has been said of yet
};

/// `tail`: the end of its log, in which the exception that ended it is looked for. Pure.
model::RankReport make_report(const RankState& rank, int node_rank, const EndedRank& ended, std::string_view tail);

/// What muster-rank saw of the end.
process::Ended how_ended(const rank::RankRecord& record);

/// mpirun's own end, as `how` (neither: it goes on, and has something to tell all the same). `tail`: the end of its log.
model::RankReport report_of_mpirun(int node_rank, const process::Ended& how, TimeUs ended_at, std::string_view tail);

/// The last 64 KiB of the file; "" when it cannot be read.
std::string tail_of_log(const std::filesystem::path& file);

}  // namespace muster::runner
