#pragma once
// Runs. A run's row holds what it is and where it stands; stage times, nodes, points and outputs belong to its attempts (run_attempts,
// run_nodes, …): a found run shows those of its last attempt, all are kept. The scheduler is the only one to write states; the API writes
// tags, properties and the display name. Every change raises the revision.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"
#include "store/session.h"

namespace muster::store::runs {

/// Writes a new run (its key and revision are ignored), its first attempt, tags and properties; makes the experiment if it has to. The
/// run's key. conflict when its run_id or uuid is taken.
Result<std::int64_t> insert(Session& session, const model::Run& run);

std::optional<model::Run> find(Session& session, std::int64_t key);
/// `name`: run_id or uuid.
std::optional<model::Run> find_by_name(Session& session, std::int64_t workspace_key, std::string_view name);

/// Of a run what all calls ask that read or write what hangs on it (logs, points, artifacts): one row, however much else the run has.
struct Brief {
  std::int64_t key = 0;
  std::int64_t workspace_key = 0;
  std::string run_id;
  std::string uuid;
  model::RunKind kind = model::RunKind::job;
  model::RunStatus status = model::RunStatus::not_started;
  int attempt = 1;
  std::int64_t revision = 0;
  TimeUs deleted_at = 0;  ///< 0: active
};
std::optional<Brief> find_brief(Session& session, std::int64_t key);
/// `name`: run_id or uuid, which are unique in all workspaces (the runner's protocol knows none).
std::optional<Brief> find_brief_by_name(Session& session, std::string_view name);
std::optional<Brief> find_brief_by_name(Session& session, std::int64_t workspace_key, std::string_view name);

/// Writes where the run stands: status, detail, attempt, times, stages and nodes of that attempt, environment version and hash, error,
/// warnings, cancel. A first write with a higher attempt begins that attempt. Tags, properties and the spec stay. Returns the new revision;
/// not_found when the run is gone. `stored_nodes`: its nodes as they were read in this transaction; those that are the same are not written
/// again, so that what one of a thousand nodes tells costs one of them.
Result<std::int64_t> update_state(Session& session, const model::Run& run, std::span<const model::RunNode> stored_nodes = {});

/// All jobs that have not ended, oldest first. A constant number of statements a run.
std::vector<model::Run> active_jobs(Session& session);
/// Of the runs below this one (its children, theirs, …) those that have not ended, oldest first.
std::vector<Brief> going_on_below(Session& session, std::string_view run_id);
/// Whether the run of that name (run_id or uuid) is below this one.
bool is_below(Session& session, std::string_view name, std::string_view run_id);
/// How many runs have each status, of those that have not ended, in one workspace or in all.
std::map<model::RunStatus, std::int64_t> count_active(Session& session, std::optional<std::int64_t> workspace_key = std::nullopt);
/// How many runs that have not ended name this compute target.
std::int64_t count_active_on(Session& session, std::int64_t workspace_key, std::string_view compute_target);

/// A value sets the tag, nothing removes it.
void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch);
/// Adds properties. conflict, naming it, when one is there with another value; then nothing is changed.
Result<void> set_properties(Session& session, std::int64_t key, const std::map<std::string, std::string>& properties);
void set_display_name(Session& session, std::int64_t key, std::string_view name);

/// Sets those that are not there. conflict, naming it, when one is there with another value; invalid beyond the limit.
Result<void> set_parameters(Session& session, std::int64_t key, const std::map<std::string, std::string>& parameters);
void set_description(Session& session, std::int64_t key, std::string_view text);

// Deleting (run_lifecycle.cc). A deleted run is marked and stays as it is, until it is restored or, in time, removed for good.

/// Marks the run deleted, and all runs below it. conflict, naming it, while one of them has not ended. Repeated it changes nothing.
Result<void> mark_deleted(Session& session, std::int64_t key, TimeUs now);
/// Brings back the run, and the runs below it that were deleted with it. Repeated it changes nothing.
void restore(Session& session, std::int64_t key);

/// A run that is to be removed for good.
struct Purged {
  std::int64_t key = 0;
  std::string uuid;  ///< names its logs
};
/// One that was deleted before `older_than`: from now on it is nobody's. Its logs are to be removed first, then its rows (purge); whoever
/// is killed meanwhile is given the same one again.
std::optional<Purged> next_to_purge(Session& session, TimeUs older_than);
/// Removes at most `limit` rows of it, and at last the run's own; whether all are gone. Models registered from it stay.
bool purge(Session& session, std::int64_t key, int limit);

}  // namespace muster::store::runs
