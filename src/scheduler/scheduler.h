#pragma once
// Takes runs from NotStarted to their end: prepares environments, keeps the queue, grants nodes, starts engines, hears the runners, ends
// what must end. What a run does next is decided by run_machine.h (pure); this class carries it out. All methods are thread-safe.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "engine/registry.h"
#include "model/rank_report.h"
#include "model/run.h"
#include "scheduler/run_machine.h"
#include "scheduler/run_tokens.h"
#include "scheduler/unstored.h"
#include "store/changes.h"
#include "store/log_store.h"
#include "store/store.h"

namespace muster::scheduler {

/// Where things are and how the runner is started; fixed for the life of the server.
struct SchedulerOptions {
  std::filesystem::path home;                                          ///< MUSTER_HOME
  std::filesystem::path runner_binary;                                 ///< this server's own copy, which outlives an upgrade
  std::string url;                                                     ///< how runners reach the server
  std::string token_secret;                                            ///< RunTokens are made from it
  std::chrono::milliseconds start_patience = std::chrono::minutes(5);  ///< in which a runner has to check in
  std::chrono::milliseconds silence_is_loss =
      std::chrono::minutes(30);  ///< a runner that says nothing for so long is ended and its work salvaged
  std::chrono::milliseconds engine_patience = std::chrono::seconds(5);  ///< when the server ends, for calls of the engine under way
};

struct CheckIn {
  std::string node;  ///< the engine's key for it
  std::string host;
  std::string address;
  int port = 0;
  std::int64_t pid = 0;
  bool salvage = false;
};

struct CheckedIn {
  int node_rank = 0;
  int waiting_for = 0;             ///< nodes that have not done so yet
  std::optional<Json> order = {};  ///< the work order, once there are all; not for a run that is being ended: the heartbeat says so
};

struct Heartbeat {
  WaitsForDisk waits{};                       ///< what of the node's this server's disk does not take now; its node_rank is filled in
  std::optional<std::chrono::seconds> ran{};  ///< since the node started ranks, by its monotonic clock
};

/// Asked of a runner in the answer to its heartbeat.
struct StopOrder {
  std::string code;    ///< "canceled", "max_run_duration", "rank_failed", "node_lost"
  std::string reason;  ///< for people
  std::int64_t grace_seconds = 15;
};

/// Names a node of an attempt, as the runner's protocol does.
struct NodeId {
  std::string run_id;
  int attempt = 1;
  int node_rank = 0;
};

using engine::NodeState;
struct TargetStatus : engine::TargetStatus {
  int queued_runs = 0;
};

class Scheduler {
 public:
  /// `engines`: whose nodes compute targets may have; one of each kind is made. All other references must outlive the scheduler.
  static std::unique_ptr<Scheduler> create(SchedulerOptions options, store::Store& store, store::LogStore& logs, store::Changes& changes,
                                           const Clock& clock, const engine::Registry& engines);
  virtual ~Scheduler() = default;  ///< stops its threads; running runs go on

  /// Takes up every run that has not ended: queues it again, or adopts its runners. Call once, before serving.
  virtual Result<void> recover() = 0;

  /// A run was stored as NotStarted: look at it. Never blocks.
  virtual void submitted(std::int64_t run_key) = 0;
  /// The run after asking; conflict when it has ended.
  virtual Result<model::Run> cancel(std::int64_t run_key, const std::string& reason, bool force) = 0;
  /// A target was created, changed or deleted.
  virtual void target_changed(const std::string& workspace, const std::string& name) = 0;
  /// For a target that exists in the store.
  virtual TargetStatus target_status(const std::string& workspace, const std::string& name) = 0;

  // The runner's protocol. Repeated calls change nothing. not_found: no such attempt; conflict: it is over.
  /// Says which node of the attempt the runner is.
  virtual Result<CheckedIn> check_in(const engine::AttemptId& attempt, const CheckIn& check_in) = 0;
  virtual Result<std::optional<StopOrder>> heartbeat(const NodeId& node, Heartbeat beat) = 0;
  virtual Result<void> started(const NodeId& node, TimeUs first_rank_at) = 0;
  virtual Result<void> rank_failed(const NodeId& node, const model::RankReport& report) = 0;
  virtual Result<void> finished(const NodeId& node, const std::vector<model::RankReport>& reports) = 0;
  virtual Result<void> done(const NodeId& node, const std::vector<std::string>& warnings, const Json& resolved_environment,
                            const NotKept& not_kept) = 0;

  /// The run as it was last stored, if it has been taken up and has not ended: the one place that says whose tokens are still good. In
  /// memory, so that it may be asked with each request; only of a run that waits in a queue, whose token nobody has, the store is asked.
  virtual std::shared_ptr<const model::Run> active(const std::string& run_id) const = 0;
  virtual const RunTokens& tokens() const = 0;
  /// What takes the place of stored details while the disk takes no writes; in memory.
  virtual std::vector<UnstoredDetail> unstored() const = 0;
};

}  // namespace muster::scheduler
