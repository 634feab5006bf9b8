#include "store/run_row.h"

#include "store/labels.h"
#include "store/run_attempts.h"
#include "store/run_nodes.h"
#include "store/run_parameters.h"
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
    "FROM runs r CROSS JOIN experiments e ON e.key = r.experiment_key CROSS JOIN workspaces w ON w.key = r.workspace_key ";

template <typename T>
T or_throw(Result<T> result) {
  if (!result) throw StoreFailure(std::move(result).error());
  return std::move(*result);
}

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

}  // namespace

std::vector<model::Run> select_runs(Session& session, std::string_view after_from, Values values) {
  std::vector<model::Run> runs;
  session.query(std::string(kSelect).append(after_from), values, [&](const Row& row) { runs.push_back(read(row)); });
  for (model::Run& run : runs) {
    run.spec.tags = labels::read(session, labels::kRunTags, run.key);
    run.spec.properties = labels::read(session, labels::kRunProperties, run.key);
    run.spec.parameters = run_parameters::read(session, run.key);
    run.stages = run_attempts::stages(session, run.key, run.attempt);
    run.nodes = run_nodes::list(session, run.key, run.attempt);
  }
  return runs;
}

}  // namespace muster::store
