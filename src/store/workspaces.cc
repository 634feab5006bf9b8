#include "store/workspaces.h"

#include <cstdint>

#include "base/id.h"
#include "store/compute_targets.h"
#include "store/labels.h"

namespace muster::store::workspaces {
namespace {

constexpr std::string_view kColumns = "SELECT key, name, id, created_at, created_by FROM workspaces ";

model::Workspace read(const Row& row) {
  model::Workspace workspace;
  workspace.key = row.integer(0);
  workspace.name = row.text(1);
  workspace.id = row.text(2);
  workspace.created_at = row.integer(3);
  workspace.created_by = row.text(4);
  return workspace;
}

std::optional<model::Workspace> find_one(Session& session, std::string_view where, Value value) {
  std::optional<model::Workspace> found;
  session.query(std::string(kColumns).append(where), {value}, [&](const Row& row) { found = read(row); });
  if (found) found->tags = labels::read(session, labels::kWorkspaceTags, found->key);
  return found;
}

}  // namespace

Result<model::Workspace> create(Session& session, model::Workspace workspace) {
  if (find(session, workspace.name)) return fail(Code::conflict, "a workspace named {} exists already", workspace.name);
  if (workspace.id.empty()) workspace.id = random_hex(16);
  session.run("INSERT INTO workspaces (name, id, created_at, created_by) VALUES (?, ?, ?, ?)",
              {workspace.name, workspace.id, workspace.created_at, workspace.created_by});
  workspace.key = session.last_key();
  labels::set_all(session, labels::kWorkspaceTags, workspace.key, workspace.tags);

  model::ComputeTarget local;
  local.name = "local";
  local.type = "local";
  local.description = "this machine";
  local.created_at = workspace.created_at;
  local.created_by = workspace.created_by;
  MUSTER_TRY(compute_targets::create(session, workspace.key, std::move(local)));
  return workspace;
}

std::optional<model::Workspace> find(Session& session, std::string_view name) { return find_one(session, "WHERE name = ?", name); }
std::optional<model::Workspace> find(Session& session, std::int64_t key) { return find_one(session, "WHERE key = ?", key); }

void set_creator(Session& session, std::string_view name, std::string_view by) {
  session.run("UPDATE workspaces SET created_by = ? WHERE name = ?", {by, name});
  session.run(
      "UPDATE compute_targets SET created_by = ? WHERE name = 'local' AND workspace_key = (SELECT key FROM workspaces WHERE name = ?)",
      {by, name});
}

Result<Page<model::Workspace>> list(Session& session, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  std::vector<model::Workspace> items;
  session.query(std::string(kColumns).append("WHERE key < ? ORDER BY key DESC LIMIT ?"), {before, request.limit + 1},
                [&](const Row& row) { items.push_back(read(row)); });
  for (model::Workspace& workspace : items) workspace.tags = labels::read(session, labels::kWorkspaceTags, workspace.key);
  return to_page(std::move(items), request.limit, [](const auto& workspace) { return workspace.key; });
}

}  // namespace muster::store::workspaces
