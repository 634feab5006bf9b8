#pragma once
// The event stream of a run: its status at each change, its logs as they grow, its end.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "api/services.h"
#include "model/run.h"

namespace muster::api {

struct EventWishes {
  bool logs = false;
  std::map<std::string, std::uint64_t> positions;  ///< where to go on in each log, by path
};

/// `services` must outlive the source.
std::unique_ptr<http::StreamSource> run_events(Services& services, const model::Run& run, EventWishes wishes);

}  // namespace muster::api
