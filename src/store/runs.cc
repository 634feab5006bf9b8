#include "store/runs.h"

#include <cstdint>

#include <nlohmann/json.hpp>

#include "store/dialect.h"
#include "store/experiments.h"
#include "store/labels.h"
#include "store/run_attempts.h"
#include "store/run_metrics.h"
#include "store/run_nodes.h"
#include "store/run_parameters.h"
#include "store/run_row.h"
#include "store/stored_spec.h"

namespace muster::store::runs {
namespace {

// Word for word the condition of the index runs_active, or SQLite does not use it.
constexpr std::string_view kNotEnded = "status NOT IN ('Completed', 'Failed', 'Canceled')";

// The keys of all runs below the one whose run_id is bound.
constexpr std::string_view kBelow =
    "WITH RECURSIVE below(key, run_id) AS (SELECT key, run_id FROM runs WHERE parent_run_id = ? "
    "UNION SELECT r.key, r.run_id FROM below JOIN runs r ON r.parent_run_id = below.run_id)";

std::optional<model::Run> first(std::vector<model::Run> runs) {
  if (runs.empty()) return std::nullopt;
  return std::move(runs.front());
}

std::optional<model::Run> select_one(Session& session, std::string_view where, std::initializer_list<Value> values) {
  return first(select_runs(session, where, Values(values.begin(), values.size())));
}

std::optional<Brief> select_brief(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::optional<Brief> run;
  session.query(fmt::format("SELECT key, workspace_key, run_id, uuid, kind, status, attempt, revision, deleted_at FROM runs WHERE {} AND "
                            "lifecycle <> 'purging'",
                            where),
                Values(values.begin(), values.size()), [&](const Row& row) {
                  run.emplace();
                  run->key = row.integer(0);
                  run->workspace_key = row.integer(1);
                  run->run_id = row.text(2);
                  run->uuid = row.text(3);
                  run->kind = or_throw(model::run_kind_from_string(row.bytes(4)));
                  run->status = or_throw(model::run_status_from_string(row.bytes(5)));
                  run->attempt = static_cast<int>(row.integer(6));
                  run->revision = row.integer(7);
                  run->deleted_at = row.integer(8);
                });
  return run;
}

/// Names are never given to two runs, whatever became of the first while it is still stored.
Result<void> check_name_is_free(Session& session, std::string_view name) {
  std::string lifecycle;
  session.query("SELECT lifecycle FROM runs WHERE run_id = ? OR uuid = ?", {name, name}, [&](const Row& row) { lifecycle = row.text(0); });
  if (lifecycle.empty()) return {};
  if (lifecycle == "active") return fail_hint(Code::conflict, "choose another run_id", "a run named {} exists already", name);
  return fail_hint(Code::conflict, "choose another run_id, or wait until it has been removed for good (`muster clean --deleted`)",
                   "a deleted run is named {}", name);
}

std::optional<std::string> error_text(const model::Run& run) {
  return run.error ? std::optional(dump_json(to_json(*run.error))) : std::nullopt;
}

void set_tag(Session& session, std::int64_t key, std::string_view name, std::string_view value) {
  session.run(
      "INSERT INTO run_tags (run_key, name, value, workspace_key, experiment_key) SELECT key, ?, ?, workspace_key, experiment_key FROM "
      "runs WHERE key = ? "
      "ON CONFLICT (run_key, name) DO UPDATE SET value = excluded.value",
      {name, value, key});
}

std::int64_t next_number(Session& session, std::int64_t experiment_key) {
  session.run("UPDATE experiments SET last_run_number = last_run_number + 1 WHERE key = ?", {experiment_key});
  std::int64_t number = 0;
  session.query("SELECT last_run_number FROM experiments WHERE key = ?", {experiment_key},
                [&](const Row& row) { number = row.integer(0); });
  return number;
}

int attempt_of(Session& session, std::int64_t key) {
  int attempt = 0;
  session.query("SELECT attempt FROM runs WHERE key = ?", {key}, [&](const Row& row) { attempt = static_cast<int>(row.integer(0)); });
  return attempt;
}

void raise_revision(Session& session, std::int64_t key) { session.run("UPDATE runs SET revision = revision + 1 WHERE key = ?", {key}); }

}  // namespace

Result<std::int64_t> insert(Session& session, const model::Run& run) {
  for (const std::string& name : {run.run_id, run.uuid}) MUSTER_TRY(check_name_is_free(session, name));
  const auto ensured = experiments::ensure(session, run.workspace_key, run.spec.experiment, run.created_at, run.created_by);
  const std::int64_t number = next_number(session, ensured.experiment.key);
  session.run(
      "INSERT INTO runs (workspace_key, experiment_key, kind, run_id, uuid, display_name, parent_run_id, compute_target, snapshot_id, "
      "spec, "
      "environment_version, "
      "environment_hash, status, status_detail, attempt, revision, created_at, started_at, ended_at, created_by, error, warnings, "
      "cancel_asked, cancel_reason, description, number) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {run.workspace_key,
       ensured.experiment.key,
       to_string(run.spec.kind),
       run.run_id,
       run.uuid,
       run.spec.display_name,
       or_null(run.spec.parent_run_id),
       run.spec.compute_target,
       or_null(run.spec.snapshot_id),
       to_stored(run.spec),
       run.environment_version,
       run.environment_hash,
       to_string(run.status),
       run.status_detail,
       run.attempt,
       run.created_at,
       run.started_at,
       run.ended_at,
       run.created_by,
       or_null(error_text(run)),
       dump_json(run.warnings),
       run.cancel_asked ? 1 : 0,
       run.cancel_reason,
       run.spec.description,
       number});
  const std::int64_t key = session.last_key();
  run_attempts::put_stages(session, key, run.attempt, run.stages);
  for (const model::RunNode& node : run.nodes) run_nodes::put(session, key, run.attempt, node);
  for (const auto& [name, value] : run.spec.tags) set_tag(session, key, name, value);
  labels::set_all(session, labels::kRunProperties, key, run.spec.properties);
  MUSTER_TRY(run_parameters::set(session, key, run.spec.parameters));
  session.run(
      "UPDATE experiments SET run_count = run_count + 1, last_run_at = CASE WHEN last_run_at < ? THEN ? ELSE last_run_at END WHERE key = ?",
      {run.created_at, run.created_at, ensured.experiment.key});
  return key;
}

std::optional<model::Run> find(Session& session, std::int64_t key) {
  return select_one(session, "WHERE r.key = ? AND r.lifecycle <> 'purging'", {key});
}

std::optional<model::Run> find_by_name(Session& session, std::int64_t workspace_key, std::string_view name) {
  const auto named = find_brief_by_name(session, workspace_key, name);
  return named ? find(session, named->key) : std::nullopt;
}

std::optional<Brief> find_brief(Session& session, std::int64_t key) { return select_brief(session, "key = ?", {key}); }

std::optional<Brief> find_brief_by_name(Session& session, std::string_view name) {
  return select_brief(session, "(run_id = ? OR uuid = ?)", {name, name});
}

std::optional<Brief> find_brief_by_name(Session& session, std::int64_t workspace_key, std::string_view name) {
  auto run = find_brief_by_name(session, name);
  return run && run->workspace_key == workspace_key ? std::move(run) : std::nullopt;
}

Result<std::int64_t> update_state(Session& session, const model::Run& run, std::span<const model::RunNode> stored_nodes) {
  const bool begins_attempt = run.attempt > 1 && attempt_of(session, run.key) < run.attempt;
  if (begins_attempt) run_metrics::forget(session, run.key);
  const std::int64_t changed = session.run(
      "UPDATE runs SET status = ?, status_detail = ?, attempt = ?, revision = revision + 1, started_at = ?, ended_at = ?, "
      "environment_version = ?, "
      "environment_hash = ?, error = ?, warnings = ?, cancel_asked = ?, cancel_reason = ?, taken_ports = ? WHERE key = ?",
      {to_string(run.status), run.status_detail, run.attempt, run.started_at, run.ended_at, run.environment_version, run.environment_hash,
       or_null(error_text(run)), dump_json(run.warnings), run.cancel_asked ? 1 : 0, run.cancel_reason, dump_json(run.taken_ports),
       run.key});
  if (changed == 0) return fail(Code::not_found, "the run {} was deleted", run.run_id);
  run_attempts::put_stages(session, run.key, run.attempt, run.stages);
  for (std::size_t i = 0; i < run.nodes.size(); ++i) {
    const bool is_stored = !begins_attempt && i < stored_nodes.size() && stored_nodes[i] == run.nodes[i];
    if (!is_stored) run_nodes::put(session, run.key, run.attempt, run.nodes[i]);
  }
  std::int64_t revision = 0;
  session.query("SELECT revision FROM runs WHERE key = ?", {run.key}, [&](const Row& row) { revision = row.integer(0); });
  return revision;
}

std::vector<model::Run> active_jobs(Session& session) {
  return select_runs(session, fmt::format("WHERE r.{} AND r.kind = 'job' ORDER BY r.key", kNotEnded), {});
}

std::vector<Brief> going_on_below(Session& session, std::string_view run_id) {
  std::vector<std::int64_t> keys;
  session.query(fmt::format("{} SELECT r.key FROM below JOIN runs r ON r.key = below.key WHERE r.{} ORDER BY r.key", kBelow, kNotEnded),
                {run_id}, [&](const Row& row) { keys.push_back(row.integer(0)); });
  std::vector<Brief> runs;
  for (const std::int64_t key : keys) {
    if (auto run = find_brief(session, key)) runs.push_back(std::move(*run));
  }
  return runs;
}

bool is_below(Session& session, std::string_view name, std::string_view run_id) {
  bool found = false;
  session.query(
      "WITH RECURSIVE above(run_id, parent_run_id) AS (SELECT run_id, parent_run_id FROM runs WHERE run_id = ? OR uuid = ? "
      "UNION SELECT r.run_id, r.parent_run_id FROM above JOIN runs r ON r.run_id = above.parent_run_id) "
      "SELECT 1 FROM above WHERE parent_run_id = ?",
      {name, name, run_id}, [&](const Row&) { found = true; });
  return found;
}

std::map<model::RunStatus, std::int64_t> count_active(Session& session, std::optional<std::int64_t> workspace_key) {
  std::map<model::RunStatus, std::int64_t> counts;
  const auto count = [&](const Row& row) {
    if (const auto status = model::run_status_from_string(row.bytes(0))) counts[*status] = row.integer(1);
  };
  constexpr std::string_view kSelect = "SELECT status, count(*) FROM runs {} WHERE {}{} GROUP BY status";
  if (workspace_key)
    session.query(fmt::format(kSelect, dialect::by_index("runs_active"), kNotEnded, " AND workspace_key = ?"), {*workspace_key}, count);
  else
    session.query(fmt::format(kSelect, dialect::by_index("runs_active"), kNotEnded, ""), {}, count);
  return counts;
}

std::int64_t count_active_on(Session& session, std::int64_t workspace_key, std::string_view compute_target) {
  std::int64_t count = 0;
  session.query(fmt::format("SELECT count(*) FROM runs {} WHERE {} AND workspace_key = ? AND compute_target = ?",
                            dialect::by_index("runs_active"), kNotEnded),
                {workspace_key, compute_target}, [&](const Row& row) { count = row.integer(0); });
  return count;
}

void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch) {
  for (const auto& [name, value] : patch) {
    if (value)
      set_tag(session, key, name, *value);
    else
      labels::remove(session, labels::kRunTags, key, name);
  }
  raise_revision(session, key);
}

Result<void> set_properties(Session& session, std::int64_t key, const std::map<std::string, std::string>& properties) {
  MUSTER_TRY(labels::add(session, labels::kRunProperties, key, properties));
  raise_revision(session, key);
  return {};
}

void set_display_name(Session& session, std::int64_t key, std::string_view name) {
  session.run("UPDATE runs SET display_name = ?, revision = revision + 1 WHERE key = ?", {name, key});
}

Result<void> set_parameters(Session& session, std::int64_t key, const std::map<std::string, std::string>& parameters) {
  MUSTER_TRY_ASSIGN(const bool changed, run_parameters::set(session, key, parameters));
  if (changed) raise_revision(session, key);
  return {};
}

void set_description(Session& session, std::int64_t key, std::string_view text) {
  session.run("UPDATE runs SET description = ?, revision = revision + 1 WHERE key = ?", {text, key});
}

}  // namespace muster::store::runs
