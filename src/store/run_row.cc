#include "store/run_row.h"

#include <unordered_map>

#include <nlohmann/json.hpp>

#include "store/dialect.h"
#include "store/key_list.h"
#include "store/run_attempts.h"
#include "store/run_nodes.h"
#include "store/stored_spec.h"

namespace muster::store {
namespace {

constexpr std::string_view kSelect =
    "SELECT r.key, r.workspace_key, r.run_id, r.uuid, w.name, e.name, r.display_name, r.parent_run_id, r.compute_target, r.snapshot_id, "
    "r.spec, "
    "r.environment_version, r.environment_hash, r.status, r.status_detail, r.attempt, r.revision, r.created_at, r.started_at, r.ended_at, "
    "r.created_by, "
    "r.error, r.warnings, r.cancel_asked, r.cancel_reason, r.taken_ports, r.kind, r.description, r.number, "
    "r.deleted_at "
    "FROM runs r {0} experiments e ON e.key = r.experiment_key {0} workspaces w ON w.key = r.workspace_key ";

std::string select_from() { return fmt::format(kSelect, dialect::kThen); }

model::Run read(const Row& row) {
  model::Run run;
  run.spec = spec_from_stored(row.bytes(10));
  run.key = row.integer(0);
  run.workspace_key = row.integer(1);
  run.run_id = row.text(2);
  run.uuid = row.text(3);
  run.workspace = row.text(4);
  run.spec.kind = or_throw(model::run_kind_from_string(row.bytes(26)));
  run.spec.experiment = row.text(5);
  run.spec.description = row.text(27);
  run.number = row.integer(28);
  run.deleted_at = row.integer(29);
  run.spec.display_name = row.text(6);
  run.spec.parent_run_id = row.optional_text(7);
  run.spec.compute_target = row.text(8);
  run.spec.snapshot_id = row.optional_text(9);
  run.environment_version = row.text(11);
  run.environment_hash = row.text(12);
  run.status = or_throw(model::run_status_from_string(row.bytes(13)));
  run.status_detail = row.text(14);
  run.attempt = static_cast<int>(row.integer(15));
  run.revision = row.integer(16);
  run.created_at = row.integer(17);
  run.started_at = row.integer(18);
  run.ended_at = row.integer(19);
  run.created_by = row.text(20);
  if (!row.is_null(21)) run.error = or_throw(model::run_error_from_json(json_from_stored(row.bytes(21))));
  run.warnings = json_from_stored(row.bytes(22)).get<std::vector<std::string>>();
  run.cancel_asked = row.integer(23) != 0;
  run.cancel_reason = row.text(24);
  run.taken_ports = json_from_stored(row.bytes(25)).get<std::vector<int>>();
  return run;
}

/// What has tables of its own, of all runs together.
void add_parts(Session& session, std::vector<model::Run>& runs) {
  std::vector<std::int64_t> keys;
  std::unordered_map<std::int64_t, model::Run*> by_key;
  for (model::Run& run : runs) {
    keys.push_back(run.key);
    by_key[run.key] = &run;
  }
  for_keys(keys, [&](std::string_view list, const std::vector<Value>& values) {
    const auto read_pairs = [&](std::string_view table, auto member) {
      session.query(fmt::format("SELECT run_key, name, value FROM {} WHERE run_key IN {}", table, list), Values(values),
                    [&](const Row& row) { (by_key.at(row.integer(0))->spec.*member).insert_or_assign(row.text(1), row.text(2)); });
    };
    read_pairs("run_tags", &model::RunSpec::tags);
    read_pairs("run_properties", &model::RunSpec::properties);
    read_pairs("run_parameters", &model::RunSpec::parameters);
    session.query(fmt::format("SELECT run_key, attempt, stages FROM run_attempts WHERE run_key IN {}", list), Values(values),
                  [&](const Row& row) {
                    model::Run& run = *by_key.at(row.integer(0));
                    if (row.integer(1) == run.attempt) run.stages = run_attempts::stages_from_stored(row.bytes(2));
                  });
    session.query(fmt::format("SELECT {}, run_key, attempt FROM run_nodes WHERE run_key IN {} ORDER BY run_key, attempt, node_rank",
                              run_nodes::kColumns, list),
                  Values(values), [&](const Row& row) {
                    model::Run& run = *by_key.at(row.integer(run_nodes::kColumnCount));
                    if (row.integer(run_nodes::kColumnCount + 1) == run.attempt) run.nodes.push_back(run_nodes::read(row));
                  });
  });
}

}  // namespace

std::vector<model::Run> select_runs(Session& session, std::string_view after_from, Values values) {
  std::vector<model::Run> runs;
  session.query(select_from().append(after_from), values, [&](const Row& row) { runs.push_back(read(row)); });
  add_parts(session, runs);
  return runs;
}

std::vector<model::Run> runs_of_keys(Session& session, const std::vector<std::int64_t>& keys) {
  std::vector<model::Run> runs;
  for_keys(keys, [&](std::string_view list, const std::vector<Value>& values) {
    const std::string sql = fmt::format("{}WHERE r.key IN {} AND r.lifecycle <> 'purging'", select_from(), list);
    session.query(sql, Values(values), [&](const Row& row) { runs.push_back(read(row)); });
  });
  add_parts(session, runs);
  return runs;
}

}  // namespace muster::store
