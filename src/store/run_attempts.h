#pragma once
// The attempts of a run: what its engine needs to find it again, what was found out about it.

#include <array>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "model/run.h"
#include "store/session.h"

namespace muster::store::run_attempts {

struct Attempt {
  int attempt = 1;
  std::array<model::StageTimes, model::kStageCount> stages;
};
/// All attempts, first to last.
std::vector<Attempt> list(Session& session, std::int64_t run_key);

/// The column `stages`.
std::array<model::StageTimes, model::kStageCount> stages_from_stored(std::string_view text);
/// Writes them, and so begins an attempt that was not there.
void put_stages(Session& session, std::int64_t run_key, int attempt, const std::array<model::StageTimes, model::kStageCount>& stages);

/// The engine's handle (engine/engine.h), opaque here. Nothing until one was recorded; one for an unknown attempt is dropped.
struct Handle {
  std::string engine;  ///< the kind that made it
  Json nodes;
};
void set_handle(Session& session, std::int64_t run_key, int attempt, const Handle& handle);
std::optional<Handle> handle(Session& session, std::int64_t run_key, int attempt);

/// Whether all that was started of the attempt is still to be ended by force, though its run has ended.
void set_to_kill(Session& session, std::int64_t run_key, int attempt, bool to_kill);
/// The keys of the runs whose last attempt is.
std::vector<std::int64_t> runs_to_kill(Session& session);

/// What the run's environment was prepared as, opaque here. An attempt that prepared nothing has what the one before it had.
void set_prepared(Session& session, std::int64_t run_key, int attempt, const Json& prepared);
std::optional<Json> prepared(Session& session, std::int64_t run_key, int attempt);

/// What the environment really held (package list, interpreter), as the runner found it.
void set_resolved_environment(Session& session, std::int64_t run_key, int attempt, const Json& resolved);
std::optional<Json> resolved_environment(Session& session, std::int64_t run_key, int attempt);

}  // namespace muster::store::run_attempts
