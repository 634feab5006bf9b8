#pragma once
// The event stream of a run: its status at each change, its logs as they grow, its end.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "api/run_feed.h"
#include "api/services.h"

namespace muster::api {

struct EventWishes {
  bool logs = false;
  /// Where to go on in each log, by "<node rank>:<path>"; by the path alone for a log that no other node has.
  std::map<std::string, std::uint64_t> positions;
  std::optional<int> attempt;  ///< whose logs the positions are in, and come first; absent: the run's present one
};

/// `services` must outlive the source.
std::unique_ptr<http::StreamSource> run_events(Services& services, std::shared_ptr<RunFeed> feed, const store::runs::Brief& run,
                                               EventWishes wishes);

}  // namespace muster::api
