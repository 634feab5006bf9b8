#pragma once
// What the steps of one node's run share.

#include <memory>
#include <optional>
#include <vector>

#include "client/runner_api.h"
#include "launch/plan.h"
#include "process/group.h"
#include "process/spawn.h"
#include "runner/delivery.h"
#include "runner/ending.h"
#include "runner/heartbeat.h"
#include "runner/journal_follower.h"
#include "runner/log_follower.h"
#include "runner/machine_sampler.h"
#include "runner/messenger.h"
#include "runner/node_ranks.h"
#include "runner/port_claim.h"
#include "runner/resolved_environment.h"
#include "runner/run_folder.h"
#include "runner/runner.h"
#include "runner/server_clock.h"
#include "runner/state.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// Filled step by step; only the main thread touches it, but for the parts that are thread-safe themselves. What uses another part stands
/// below it, so that it goes first.
struct NodeRun {
  NodeRun(RunnerOptions given, StopControl& control) : options(std::move(given)), stop(control) {}

  const RunnerOptions options;
  StopControl& stop;
  SystemClock system_clock;
  ServerClock clock{system_clock};
  Warnings warnings;
  Delivery delivery;

  // From the check-in. Their calls to the server are never interrupted before they are canceled.
  int node_rank = 0;
  RunFolder folder;
  std::unique_ptr<client::RunnerApi> server;
  std::optional<PortClaim> master_port;  ///< node 0's, where the ranks will meet
  client::WorkOrder order;
  std::shared_ptr<client::Api> api;  ///< in the run's workspace
  std::unique_ptr<Messenger> messenger;
  std::unique_ptr<LogFollower> logs;
  std::unique_ptr<JournalFollower> journals;
  std::unique_ptr<Heartbeat> heartbeat;
  std::unique_ptr<MachineSampler> sampler;  ///< while ranks run

  // From the start of the ranks, or from the runner that was here before.
  launch::LaunchPlan plan;
  std::optional<process::ProcessGroup> group;
  std::optional<process::Child> mpirun;  ///< of an MPI run, on node 0
  std::unique_ptr<NodeRanks> ranks;      ///< as plan.ranks; null when none was started
  std::unique_ptr<ResolvedEnvironment> environment;
  RunnerState state;
  std::optional<Error> start_error;             ///< why no rank was started
  bool environment_failed = false;              ///< that was why
  bool was_asked_to_end = false;                ///< its ranks were, because one of them failed or a stop was asked for
  std::optional<Ending::Time> leftovers_until;  ///< what the ranks started was asked to end along with them, and has until then

  bool in_container() const { return order.prepared.builder == "container"; }
  bool is_mpi() const { return plan.started_by == launch::LaunchPlan::StartedBy::mpirun; }

  /// A way to the server, whose calls end when `until` is asked to stop.
  Result<std::shared_ptr<client::Api>> make_api(std::stop_token until, client::Deadlines deadlines = {}) const;
  /// This node's part of the runner's protocol, over such a way.
  std::unique_ptr<client::RunnerApi> protocol(std::shared_ptr<client::Api> way) const;
};

}  // namespace muster::runner
