#pragma once
// The jobs that an engine watches, and what there is to tell when Slurm's list of jobs is compared with what was told before. Pure.

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/engine.h"
#include "engine/slurm/job.h"

namespace muster::engine::slurm {

using SteadyTime = std::chrono::steady_clock::time_point;

/// A job, and what its listener knows.
struct Watched {
  AttemptId id;
  TargetName target;
  std::vector<std::string> keys;  ///< in the order of the job's nodes
  std::string host = {};          ///< not "": for this one node, which was lost, and which the listener knows
  SteadyTime since = {};          ///< when it was submitted or found again: an older list does not have it
  bool is_killed = false;         ///< by us
  std::string waiting_for = {};   ///< the words that were told
  bool may_be_held = true;        ///< its release may not have happened: Slurm was not heard of since
  bool is_coming = false;
  std::vector<std::string> hosts = {};  ///< in the order of the keys; not empty: told to be there
  std::set<std::string> gone = {};      ///< keys that were told to be gone
  bool is_leaving = false;              ///< Slurm takes its nodes back
  bool was_preempted = false;           ///< its end: others were given its nodes

  bool has_ended() const { return gone.size() >= keys.size(); }
};

struct Waits {
  std::string reason;
};
struct Comes {};
struct IsThere {
  std::vector<Node> nodes;
};
struct IsGone {
  std::string key;  ///< "": the attempt, before it had nodes
  Gone how;
};
/// The job is not to go on: somebody had Slurm start it again, or it waits for a node that others have.
struct EndJob {};
/// The job is held, and its handle is recorded: it may go.
struct ReleaseJob {};
using Telling = std::variant<Waits, Comes, IsThere, IsGone, EndJob, ReleaseJob>;

/// How long a runner that is to collect what another left waits for the node.
inline constexpr std::chrono::minutes kCollectingPatience{10};

/// What is to be told of the job, in order, and noted as told. `job` is nullptr when Slurm does not know it (any more).
std::vector<Telling> look(Watched& watched, const Job* job, SteadyTime now);

}  // namespace muster::engine::slurm
