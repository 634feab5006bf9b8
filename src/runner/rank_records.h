#pragma once
// What muster-rank writes of a node's ranks (rank/rank_record.h), as the runner reads it.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "rank/rank_record.h"
#include "runner/state.h"

namespace muster::runner {

/// One fact of one rank.
struct RankNews {
  enum class What { started, ended, aborted };
  What what = What::started;
  rank::RankRecord record;  ///< aborted: only the rank
};

/// The rank's record of that kind; not_found when it has none (yet).
Result<rank::RankRecord> read_rank_record(const std::filesystem::path& folder, int rank, std::string_view kind);

/// Each fact once, in the order in which they came about as far as that can be told. inotify; where none can be had, the folder is listed
/// at each look. Not thread-safe.
class RankRecords {
 public:
  explicit RankRecords(std::filesystem::path folder);

  /// Readable when there is news; -1: look every now and then.
  int descriptor() const { return inotify_.get(); }
  std::vector<RankNews> news();
  /// From now on no rank and no daemon of mpirun's begins here; those that have are processes of the node's group.
  Result<void> close() const;

 private:
  std::vector<std::string> new_names();

  std::filesystem::path folder_;
  Fd inotify_;
  bool listed_ = false;  ///< what was there before the watch
  std::set<std::string> known_;
};

/// Completes what a runner that was killed had kept of its ranks by what they left themselves.
void adopt_records(RunnerState& state, const std::filesystem::path& folder, int node_rank);

}  // namespace muster::runner
