#pragma once
// How a run ended, from what its nodes told: the cause of a failure, and what is only its consequence. Pure.

#include <optional>
#include <vector>

#include "model/rank_report.h"
#include "model/run.h"

namespace muster::scheduler {

/// What nodes had could not be kept: no reason to end what still runs, nor to run it all again.
bool is_not_kept(const model::RunError& error);

/// A node whose runner was lost before its ranks had all succeeded: part of the work is gone.
bool lost_work(const model::RunNode& node);

/// The rank only failed because it could not talk to another one: the true cause is most likely elsewhere.
bool only_lost_its_peer(const model::RankReport& report);

/// Ranks were ended because their runners were asked to, or as whoever ends a whole machine or job ends them, and nothing that is known of
/// the run is a reason for that.
bool ended_unexplained(const model::Run& run);

/// The run's error when its nodes are done: a rank's own failure, else a lost node, else a failure of communication, else a node that said
/// nothing. Nothing: all ranks of all nodes succeeded.
std::optional<model::RunError> error_of(const model::Run& run);

/// The port at which the ranks were to meet, when they failed because another program had it.
std::optional<int> taken_port(const model::Run& run);

}  // namespace muster::scheduler
