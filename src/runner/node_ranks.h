#pragma once
// The ranks of a node once their start is under way, whoever starts them: what follow() needs of them.

#include <poll.h>

#include <memory>
#include <optional>
#include <vector>

#include "model/rank_report.h"
#include "process/spawn.h"
#include "runner/ending.h"

namespace muster::runner {

struct EndedNow {
  std::size_t index = 0;              ///< in the plan
  std::optional<process::Ended> how;  ///< nothing: it never began, and will not
  TimeUs ended_at = 0;                ///< this node's clock; 0: now
};

/// Main thread only.
class NodeRanks {
 public:
  virtual ~NodeRanks() = default;
  /// Adds the descriptors that become readable when something has happened.
  virtual void add_to(std::vector<pollfd>& wanted) const = 0;
  /// When to look though nothing has happened.
  virtual std::optional<Ending::Time> wake_at() const { return std::nullopt; }
  /// Those that have ended since the last look; each rank once.
  virtual std::vector<EndedNow> look(Ending::Time now) = 0;
  /// What has gone wrong, once, with whatever started them, and is no rank's own end.
  virtual std::optional<model::RankReport> launch_failure(Ending::Time) { return std::nullopt; }
  /// SIGTERM to those that run. Those that have not begun will not.
  virtual void terminate() = 0;
  /// SIGKILL to those that run, each by its pidfd, whatever it has renamed or left. What is found gone from now on is gone by that.
  virtual void kill() = 0;
};

}  // namespace muster::runner
