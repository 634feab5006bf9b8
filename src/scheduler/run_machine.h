#pragma once
// The life of a run as a pure function: a run and an event in, the next run and the effects that are wanted out. No clock, no database, no
// process.
//
//   NotStarted → Preparing → Queued → Provisioning → Starting → Running ⇄ NotResponding → Finalizing → Completed | Failed | Canceled
//                                ▲                                                             │
//                                └────────────────── another attempt ◄────────────────────────┘
//   Nodes are granted by our queue (then started), or by an engine that does so itself: it has the run from Queued on and says how far it
//   is. A cancel before there are nodes ends the run at once; later it is CancelRequested until every node is done, or a second one comes.
//   A node:  Starting → Running → Finished → Done;   Lost when its runner is gone: another runner collects what it left, then Done.

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/engine.h"
#include "model/rank_report.h"
#include "model/run.h"

namespace muster::scheduler {

// What can happen to a run.
struct Submitted {};
struct EnvironmentReady {
  std::string hash;
};
/// The attempt cannot go on and no runner of it is alive: its environment could not be built, or its nodes not started.
struct AttemptFailed {
  model::RunError error;
};
/// One id for each node of the run.
struct NodesGranted {
  std::vector<std::string> node_ids;
  std::vector<std::string> gpus = {};  ///< of each node, as CUDA_VISIBLE_DEVICES names them; may be left out
};
/// The engine, which grants nodes itself, has none for the run yet.
struct WaitingForNodes {
  std::string reason;
};
struct NodesComing {};
/// Runners start. Of nodes that were granted nothing more need be said.
struct NodesThere {
  std::vector<engine::Node> nodes = {};
};
/// A runner begins. It is the node that it says, or the first that nobody is yet.
struct NodeCheckedIn {
  std::string key;
  std::string address;
  int port = 0;  ///< 0: it offers none
  std::int64_t pid = 0;
  std::string host{};  ///< what its machine calls itself; the engine may have a better name
};
struct RanksStarted {
  int node_rank = 0;
  TimeUs first_rank_at = 0;
};
struct RankFailed {
  model::RankReport report;
};
/// No process of this node is left.
struct RanksFinished {
  int node_rank = 0;
  std::vector<model::RankReport> reports;
};
/// What a node had and could not be recorded.
struct NotKept {
  std::string code{};     ///< kDiskFull or kNotKept
  std::string message{};  ///< what, why, and where it is; "" when all was recorded
};
/// The codes of a run that failed for it.
inline constexpr std::string_view kDiskFull = "disk_full";
inline constexpr std::string_view kNotKept = "not_kept";

/// All that the node had is recorded, but for what `not_kept` says.
struct NodeDone {
  int node_rank = 0;
  std::vector<std::string> warnings;
  NotKept not_kept = {};  ///< the run has failed then
};
/// What a node has for the server, whose disk does not take it now.
struct WaitsForDisk {
  int node_rank = 0;
  std::string what;      ///< "" when it waits no more
  bool is_full = true;   ///< else the disk is broken or may not be written
  std::string detail{};  ///< the system's words for that
};
/// The engine says that the node's runner is gone.
struct NodeGone {
  int node_rank = 0;
  engine::Gone how;
  std::string key{};  ///< names the node instead of its rank, unless ""
};
/// The engine says that nothing comes of the attempt, which had no nodes yet.
struct AttemptGone {
  engine::Gone how;
};
struct HeartbeatsMissed {
  std::string detail;
};
struct HeartbeatsBack {};
/// A forced one does not wait for the runners any longer.
struct CancelAsked {
  std::string reason;
  bool force = false;
  std::string folder{};  ///< of all runs: where what is not brought home stays
};
/// No node has its work order yet, and what was started of the attempt has been ended: it is started from the beginning.
struct StartAgain {};
/// The environment could not be prepared, or the nodes not started, for want of processes, descriptors or memory; it will be tried again.
struct PutOff {
  std::string why;
};
using Event = std::variant<Submitted, EnvironmentReady, AttemptFailed, NodesGranted, WaitingForNodes, NodesComing, NodesThere, AttemptGone,
                           NodeCheckedIn, RanksStarted, RankFailed, RanksFinished, NodeDone, NodeGone, HeartbeatsMissed, HeartbeatsBack,
                           WaitsForDisk, PutOff, StartAgain, CancelAsked>;

// What is wanted of the world.
enum class EffectKind {
  prepare_environment,
  enqueue,
  leave_queue,      ///< also ends waiting for an environment
  start_nodes,      ///< ask the engine
  stop_nodes,       ///< politely: the runners end their ranks with grace
  stop_nodes_soon,  ///< the same after a short window, in which the true cause may still be told
  salvage_node,     ///< send another runner to collect what a lost one left
  kill_nodes,       ///< every process of the attempt; their folders are kept, then the nodes are released
  release_nodes,
};
struct Effect {
  EffectKind kind;
  int node_rank = 0;  ///< for salvage_node
};

struct Step {
  model::Run run;
  std::vector<Effect> effects;
  bool changed = false;               ///< false: the event means nothing (any more) to this run
  std::optional<Error> refusal = {};  ///< what told of the event has to hear: a node that there is not, or done before finished
};

/// What the decision needs to know besides the run.
struct Circumstances {
  TimeUs now = 0;
  bool low_priority = false;         ///< its nodes may be taken away; a run that loses one starts again
  bool engine_grants_nodes = false;  ///< no queue of ours does: the engine has the run from Queued on
};

/// Events of an attempt that is over must not be passed (the caller compares attempts).
Step step(model::Run run, const Event& event, const Circumstances& circumstances);

/// Why the run's runners should end their ranks now, in (code, words) for people; nothing while all is well.
struct StopReason {
  std::string code;
  std::string reason;
};
std::optional<StopReason> stop_reason(const model::Run& run);

/// How the detail of HeartbeatsMissed begins.
inline constexpr std::string_view kSilenceWords = "nothing heard from node ";

/// Whether its status_detail says that a node waits for the server's disk.
bool tells_of_disk(const model::Run& run);

/// The node of that key; nullptr when none is (yet).
const model::RunNode* node_of_key(const model::Run& run, std::string_view key);
/// How many nodes are still to check in, or to offer the port that the ranks meet at: 0 when work orders can be given out.
int still_to_check_in(const model::Run& run);

/// How often one node is salvaged before what it left stays where it is (and is said to).
inline constexpr int kMostSalvages = 3;
/// How often a run is started again because its master port was taken, beyond what `max_retries` allows.
inline constexpr int kMostTakenPorts = 3;
/// How long after their start ranks may find it taken: later than that they have met before, and a retry would throw work away.
inline constexpr TimeUs kPortTimeUs = 600'000'000;
/// Attempts that a low-priority run gets however often its nodes are taken away.
inline constexpr int kMostLowPriorityAttempts = 100;

}  // namespace muster::scheduler
