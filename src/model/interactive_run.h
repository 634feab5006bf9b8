#pragma once
// How an interactive run begins and ends: by its client's calls alone. Pure.

#include <optional>
#include <string>

#include "model/run.h"

namespace muster::model {

/// It is Running from the moment at which it is recorded.
void begin_interactive(Run& run, TimeUs now);

/// How a client ends its run.
struct InteractiveEnd {
  RunStatus status = RunStatus::completed;  ///< completed, failed or canceled
  std::string reason = {};                  ///< of a cancel
  std::optional<RunError> error = {};       ///< of a failure
};
/// The run as it has ended; nothing when it has ended so already (what is said again changes nothing). conflict, with what to do, when it
/// has ended otherwise, and for a job: its exit codes say how it ends.
Result<std::optional<Run>> end_interactive(Run run, const InteractiveEnd& end, TimeUs now);

}  // namespace muster::model
