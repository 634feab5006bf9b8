#pragma once
// The engine contract: an engine runs `muster runner` once on each node of a run, and knows nothing more about training.
// One call starts all nodes of an attempt, since for a cluster manager they are one job.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace muster::engine {

/// Which attempt of which run; names its processes, cgroups and jobs.
struct AttemptId {
  std::string run_id;
  int attempt = 1;
  auto operator<=>(const AttemptId&) const = default;
};

struct NodeStart {
  int node_rank = 0;
  std::string node_id;                           ///< which of the target's nodes, e.g. "gpu-cluster-2"
  std::vector<std::string> command;              ///< argv; [0] is a path
  std::map<std::string, std::string> variables;  ///< the whole environment of the runner
  std::filesystem::path log;                     ///< the runner's own stdout and stderr
};

/// What has to be remembered to find the nodes again after a restart, kept by the store: an object by node rank ("0", "1", …), each value
/// known to its engine alone. A later start of one node (to collect what a lost runner left) replaces that node's member.
using Handle = Json;

/// Called from the engine's own threads; must not block.
struct Listener {
  /// The runner of this node is gone (for whatever reason; what it had to say it said to the server). `how` is in words: "exit code 0",
  /// "SIGKILL".
  std::function<void(const AttemptId&, int node_rank, const std::string& how)> node_gone;
};

enum class StopHow {
  polite,  ///< ask the runners to end their ranks with grace and report
  kill,    ///< end every process of the attempt now
};

/// Any thread may call, for different runs at once. Calls may block for as long as starting a process takes, or a cluster manager needs to
/// answer; never on training.
class Engine {
 public:
  virtual ~Engine() = default;
  /// Starts all nodes or none. `record` is called with the handle before any runner does anything; if it fails, nothing is left running and
  /// its error is the answer. An attempt may be started again, in part too (a runner that salvages what another left): the handle of a
  /// later start replaces those nodes in the earlier one.
  virtual Result<Handle> start(const AttemptId& id, const std::vector<NodeStart>& nodes,
                               const std::function<Result<void>(const Handle&)>& record) = 0;
  /// Takes up watching what an earlier server process started: all nodes, or none and an error. Nodes that are gone are reported at once.
  virtual Result<void> recover(const AttemptId& id, const Handle& handle) = 0;
  /// Fine when nothing is left. kill returns when nothing of the attempt runs any more; an error after 10 s names what would not die.
  virtual Result<void> stop(const AttemptId& id, const Handle& handle, StopHow how) = 0;
};

}  // namespace muster::engine
