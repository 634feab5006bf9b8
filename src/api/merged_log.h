#pragma once
// The ranks' driver logs as one text, line by line in the order of time, "[rank 0] " in front of each.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "api/services.h"
#include "store/runs.h"

namespace muster::api {

struct MergeWishes {
  int attempt = 1;
  std::optional<std::set<int>> ranks;  ///< nothing: all
  bool follow = false;                 ///< go on until the attempt is over
  std::map<int, std::uint64_t> skip;   ///< how many lines of a rank are left out: the reader has them
};

/// The ranks whose driver logs the attempt has so far. Blocks on the disk.
Result<std::set<int>> ranks_with_logs(Services& services, const store::runs::Brief& run, int attempt);

/// `services` must outlive the source. Memory: one piece (64 KiB) a rank. Of ranks that write at the same time, the order is that of the
/// bytes' arrival; a line that is longer than a piece may be broken into several.
std::unique_ptr<http::StreamSource> merged_log(Services& services, const store::runs::Brief& run, MergeWishes wishes);

}  // namespace muster::api
