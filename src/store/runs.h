#pragma once
// Runs. A run's row holds what it is and where it stands; stage times, nodes, points and outputs belong to its attempts (run_attempts,
// run_nodes, …): a found run shows those of its last attempt, all are kept. The scheduler is the only one to write states; the API writes
// tags, properties and the display name. Every change raises the revision.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/run.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::runs {

/// Writes a new run (its key and revision are ignored), its first attempt, tags and properties; makes the experiment if it has to. The
/// run's key. conflict when its run_id or uuid is taken.
Result<std::int64_t> insert(Session& session, const model::Run& run);

std::optional<model::Run> find(Session& session, std::int64_t key);
/// `name`: run_id or uuid.
std::optional<model::Run> find_by_name(Session& session, std::int64_t workspace_key, std::string_view name);
/// The same in any workspace: names of runs are unique everywhere (the runner's protocol knows no workspace).
std::optional<model::Run> find_by_name(Session& session, std::string_view name);
/// As find_by_name, but only the key: for what hangs on a run.
std::optional<std::int64_t> key_of(Session& session, std::int64_t workspace_key, std::string_view name);

/// Writes where the run stands: status, detail, attempt, times, stages and nodes of that attempt, environment version and hash, error,
/// warnings, cancel. A first write with a higher attempt begins that attempt. Tags, properties and the spec stay. Returns the new revision;
/// not_found when the run is gone.
Result<std::int64_t> update_state(Session& session, const model::Run& run);

/// All jobs that have not ended, oldest first. A constant number of statements a run.
std::vector<model::Run> active_jobs(Session& session);
/// Of the runs below this one (its children, theirs, …) those that have not ended, oldest first.
std::vector<model::Run> going_on_below(Session& session, std::string_view run_id);
/// Whether the run of that name (run_id or uuid) is below this one.
bool is_below(Session& session, std::string_view name, std::string_view run_id);
/// How many runs have each status, of those that have not ended, in one workspace or in all.
std::map<model::RunStatus, std::int64_t> count_active(Session& session, std::optional<std::int64_t> workspace_key = std::nullopt);
/// How many runs that have not ended name this compute target.
std::int64_t count_active_on(Session& session, std::int64_t workspace_key, std::string_view compute_target);

/// Empty members do not filter; those given must all hold.
struct Filter {
  std::optional<std::string> experiment;
  std::optional<model::RunStatus> status;
  std::optional<model::RunKind> kind;
  std::optional<std::string> tag;        ///< has this tag …
  std::optional<std::string> tag_value;  ///< … with this value
  std::optional<std::string> display_name;
  std::optional<std::string> parent_run_id;
};
/// Newest first. malformed for a cursor that is not ours.
Result<Page<model::Run>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const PageRequest& request);

/// A value sets the tag, nothing removes it.
void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch);
/// Adds properties. conflict, naming it, when one is there with another value; then nothing is changed.
Result<void> set_properties(Session& session, std::int64_t key, const std::map<std::string, std::string>& properties);
void set_display_name(Session& session, std::int64_t key, std::string_view name);

/// Removes all rows of the run: attempts, nodes, tags, points, artifacts' names. Models registered from it stay. What the caller still has
/// to remove (the logs) goes by the uuid it returns. conflict while the run has not ended, not_found when there is none.
Result<std::string> remove(Session& session, std::int64_t key);

}  // namespace muster::store::runs
