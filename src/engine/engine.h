#pragma once
// The engine contract: an engine runs `muster runner` once on each node of an attempt, and knows nothing more about training. Who grants
// the nodes is its own affair: one with a pool() has the scheduler's queue give them out, another (a cluster manager) waits for them
// itself, for as long as it takes, and says for what.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "engine/node_pool.h"
#include "model/runner_variables.h"

namespace muster::engine {

/// Which attempt of which run; names its processes, cgroups and jobs.
struct AttemptId {
  std::string run_id;
  int attempt = 1;
  auto operator<=>(const AttemptId&) const = default;
};

/// What each node needs; 0 leaves it to the target.
struct NodeResources {
  int cpus = 0;
  std::uint64_t memory_mb = 0;
  int gpus = 0;
  std::chrono::seconds time_limit{0};
};

/// An attempt is started as one thing.
struct Attempt {
  AttemptId id;
  model::ComputeTarget target;  ///< with the engine's options
  int node_count = 1;
  NodeResources of_node = {};
  std::chrono::seconds grace{30};                     ///< what its ranks have to end by themselves when they are asked to
  std::vector<GrantedNode> granted = {};              ///< by the engine's pool, one for each node; empty where it has none
  std::vector<std::string> command = {};              ///< argv of every node's runner; [0] is a path
  std::map<std::string, std::string> variables = {};  ///< what the runner needs beside its node's own environment
  std::filesystem::path scratch = {};                 ///< for runners on nodes that share the server's disk; others have one of their own
  std::filesystem::path log_folder = {};  ///< on the server: where such nodes' runners have their own stdout and stderr, runner_<key>.log
};
// The engine adds these to each runner's variables.
using model::kNodeKeyVariable;
using model::kScratchVariable;

/// An engine's name for one node of an attempt: letters, digits, '.', '_' and '-', at most 64. Of a granted node it is the node's name.
bool is_node_key(std::string_view key);
inline constexpr std::size_t kLongestNodeKey = 64;

/// What has to be remembered to find the nodes again after a restart, kept by the store: an object by node key, each value known to its
/// engine alone.
using Handle = Json;

/// How a node was lost.
enum class GoneKind {
  exited,            ///< its runner ended by itself
  killed,            ///< its runner was ended by a signal, or in a way that nobody saw
  out_of_memory,     ///< the node, or the node's share, had no more memory
  preempted,         ///< another job was given the node
  time_limit,        ///< the manager's own
  node_failed,       ///< the machine
  canceled_outside,  ///< somebody ended it by the manager's own means
};
std::string_view to_string(GoneKind kind);

struct Gone {
  GoneKind kind = GoneKind::killed;
  std::string words = {};       ///< how, for people: "exit code 1", "SIGKILL", the manager's own
  std::string last_words = {};  ///< the end of the runner's own log, where it can be read
  bool collectable = true;      ///< restart() may bring a runner to what this one left; false: it went with the node
};

struct Node {
  std::string key;
  std::string name;  ///< as people know it: a host's
};

/// What an engine tells. Called from its own threads or from within its calls; must not block. For one node: there before gone.
struct Listener {
  /// The attempt has no nodes yet, and why; again whenever the reason changes.
  std::function<void(const AttemptId&, const std::string& reason)> waiting;
  /// Its nodes are being made ready (powered up, booted).
  std::function<void(const AttemptId&)> nodes_coming;
  /// All nodes are there and their runners start. The order is that of the node ranks.
  std::function<void(const AttemptId&, const std::vector<Node>&)> nodes_there;
  /// The node's runner is gone; what it had to say it said to the server. No key: the attempt is gone before it had nodes.
  std::function<void(const AttemptId&, const std::string& key, const Gone&)> node_gone;
};

enum class StopHow {
  polite,  ///< ask the runners to end their ranks with grace and report
  kill,    ///< end every process of the attempt now
};

/// Any thread may call, for different runs at once. Calls may block for as long as starting a process takes, or a cluster manager needs to
/// answer; never on training, nor on nodes that are still to come.
class Engine {
 public:
  using Record = std::function<Result<void>(const Handle&)>;

  virtual ~Engine() = default;
  /// nullptr: it grants nodes itself. Lives as long as the engine.
  virtual NodePool* pool() { return nullptr; }
  /// What the target's nodes do, as far as is known without asking anybody.
  virtual TargetStatus status(const TargetName& target) const = 0;

  /// Asks for all nodes of the attempt, or fails whole. `record` is called with the handle before any runner does anything; if it fails,
  /// nothing is left running or waiting and its error is the answer. Asked again after a success that the caller did not get to hear of, it
  /// starts nothing twice, or what it started before has ended by itself.
  virtual Result<Handle> start(const Attempt& attempt, const Record& record) = 0;
  /// Another runner on the node `key` of a started attempt, where one was lost: it finds that one's scratch folder. The handle, also given
  /// to `record`, is of this node alone and takes the earlier one's place.
  virtual Result<Handle> restart(const Attempt& attempt, const std::string& key, const Record& record) = 0;
  /// Takes up watching what an earlier server process started: all nodes, or none and an error. What stands is told to the listener again,
  /// and so are nodes that are gone.
  virtual Result<void> recover(const AttemptId& id, const Handle& handle) = 0;
  /// Fine when nothing is left. `handle` may be of some of the nodes; the others go on. kill returns when nothing of these nodes runs or
  /// waits any more; an error after 10 s names what would not die.
  virtual Result<void> stop(const AttemptId& id, const Handle& handle, StopHow how) = 0;
};

}  // namespace muster::engine
