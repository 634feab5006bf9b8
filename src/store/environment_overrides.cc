#include "store/environment_overrides.h"

namespace muster::store::environment_overrides {
namespace {

std::vector<Override> select_overrides(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::vector<Override> all;
  session.query(std::string("SELECT name, with_name, with_version, created_at, created_by FROM environment_overrides WHERE ").append(where),
                values, [&](const Row& row) {
                  Override& one = all.emplace_back();
                  one.name = row.text(0);
                  one.with_name = row.text(1);
                  one.with_version = row.optional_text(2);
                  one.created_at = row.integer(3);
                  one.created_by = row.text(4);
                });
  return all;
}

}  // namespace

void set(Session& session, std::int64_t workspace_key, const Override& override) {
  remove(session, workspace_key, override.name);
  session.run(
      "INSERT INTO environment_overrides (workspace_key, name, with_name, with_version, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?)",
      {workspace_key, override.name, override.with_name, or_null(override.with_version), override.created_at, override.created_by});
}

bool remove(Session& session, std::int64_t workspace_key, std::string_view name) {
  if (!find(session, workspace_key, name)) return false;
  session.run("DELETE FROM environment_overrides WHERE workspace_key = ? AND name = ?", {workspace_key, name});
  return true;
}

std::optional<Override> find(Session& session, std::int64_t workspace_key, std::string_view name) {
  auto found = select_overrides(session, "workspace_key = ? AND name = ?", {workspace_key, name});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Override> list(Session& session, std::int64_t workspace_key) {
  return select_overrides(session, "workspace_key = ? ORDER BY name", {workspace_key});
}

}  // namespace muster::store::environment_overrides
