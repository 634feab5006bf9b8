#include "store/compute_targets.h"

#include <cstdint>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "store/labels.h"
#include "store/runs.h"
#include "store/stored_spec.h"

namespace muster::store::compute_targets {
namespace {

constexpr std::string_view kColumns =
    "SELECT t.key, w.name, t.name, t.engine, t.type, t.vm_size, t.vm_priority, t.min_nodes, t.max_nodes, t.idle_seconds_before_scaledown, "
    "t.description, "
    "t.created_at, t.created_by, t.engine_options FROM compute_targets t JOIN workspaces w ON w.key = t.workspace_key ";

std::vector<model::ComputeTarget> select(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::vector<model::ComputeTarget> targets;
  session.query(std::string(kColumns).append(where), values, [&](const Row& row) {
    model::ComputeTarget& target = targets.emplace_back();
    target.key = row.integer(0);
    target.workspace = row.text(1);
    target.name = row.text(2);
    target.engine = row.text(3);
    target.type = row.text(4);
    target.vm_size = row.text(5);
    target.vm_priority = row.text(6);
    target.min_nodes = static_cast<int>(row.integer(7));
    target.max_nodes = static_cast<int>(row.integer(8));
    target.idle_seconds_before_scaledown = row.integer(9);
    target.description = row.text(10);
    target.created_at = row.integer(11);
    target.created_by = row.text(12);
    target.engine_options = json_from_stored(row.bytes(13));
  });
  for (model::ComputeTarget& target : targets) target.tags = labels::read(session, labels::kComputeTargetTags, target.key);
  return targets;
}

}  // namespace

Result<model::ComputeTarget> create(Session& session, std::int64_t workspace_key, model::ComputeTarget target) {
  if (find(session, workspace_key, target.name)) return fail(Code::conflict, "a compute target named {} exists already", target.name);
  session.run(
      "INSERT INTO compute_targets (workspace_key, name, engine, type, vm_size, vm_priority, min_nodes, max_nodes, "
      "idle_seconds_before_scaledown, "
      "description, created_at, created_by, engine_options) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace_key, target.name, target.engine, target.type, target.vm_size, target.vm_priority, target.min_nodes, target.max_nodes,
       target.idle_seconds_before_scaledown, target.description, target.created_at, target.created_by, dump_json(target.engine_options)});
  labels::set_all(session, labels::kComputeTargetTags, session.last_key(), target.tags);
  return *find(session, workspace_key, target.name);
}

std::optional<model::ComputeTarget> find(Session& session, std::int64_t workspace_key, std::string_view name) {
  auto found = select(session, "WHERE t.workspace_key = ? AND t.name = ?", {workspace_key, name});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<Page<model::ComputeTarget>> list(Session& session, std::int64_t workspace_key, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  return to_page(
      select(session, "WHERE t.workspace_key = ? AND t.key < ? ORDER BY t.key DESC LIMIT ?", {workspace_key, before, request.limit + 1}),
      request.limit, [](const auto& target) { return target.key; });
}

std::vector<model::ComputeTarget> all(Session& session) { return select(session, "ORDER BY t.key", {}); }

void update(Session& session, const model::ComputeTarget& target) {
  session.run(
      "UPDATE compute_targets SET min_nodes = ?, max_nodes = ?, idle_seconds_before_scaledown = ?, engine_options = ? WHERE key = ?",
      {target.min_nodes, target.max_nodes, target.idle_seconds_before_scaledown, dump_json(target.engine_options), target.key});
}

Result<void> remove(Session& session, std::int64_t workspace_key, std::string_view name) {
  const auto target = find(session, workspace_key, name);
  if (!target) return fail(Code::not_found, "no compute target named {}", name);
  if (target->type == "local") return fail(Code::conflict, "the compute target {} is this machine itself and cannot be deleted", name);
  if (const std::int64_t runs = runs::count_active_on(session, workspace_key, name); runs > 0) {
    return fail_hint(Code::conflict, "cancel them or wait for their end", "{} still {} the compute target {}",
                     counted(static_cast<std::uint64_t>(runs), "run"), runs == 1 ? "uses" : "use", name);
  }
  session.run("DELETE FROM compute_targets WHERE key = ?", {target->key});
  return {};
}

}  // namespace muster::store::compute_targets
