#include "store/environments.h"

#include <cstdint>

#include "base/hash.h"
#include "base/text.h"
#include "store/stored_spec.h"

namespace muster::store::environments {
namespace {

constexpr std::string_view kColumns = "SELECT key, version, hash, definition, created_at, created_by FROM environments ";

struct Found {
  std::int64_t key = 0;
  std::int64_t version = 0;
  model::EnvironmentRecord record;
};

std::vector<Found> select(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::vector<Found> all;
  session.query(std::string(kColumns).append(where), values, [&](const Row& row) {
    Found& found = all.emplace_back();
    found.key = row.integer(0);
    found.version = row.integer(1);
    found.record.definition = environment_from_stored(row.bytes(3));
    found.record.definition.version = std::to_string(found.version);
    found.record.hash = row.text(2);
    found.record.created_at = row.integer(4);
    found.record.created_by = row.text(5);
  });
  return all;
}

std::vector<Found> newest(Session& session, std::int64_t workspace_key, std::string_view name) {
  return select(session, "WHERE workspace_key = ? AND name = ? ORDER BY version DESC LIMIT 1", {workspace_key, name});
}

}  // namespace

Ensured ensure(Session& session, std::int64_t workspace_key, const model::EnvironmentDefinition& definition, TimeUs now,
               std::string_view by) {
  const std::string hash = sha256_hex(model::content_form(definition));
  auto before = newest(session, workspace_key, definition.name);
  if (!before.empty() && before.front().record.hash == hash) return {std::move(before.front().record), false};
  const std::int64_t version = before.empty() ? 1 : before.front().version + 1;
  session.run(
      "INSERT INTO environments (workspace_key, name, version, hash, definition, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {workspace_key, definition.name, version, hash, to_stored(definition), now, by});
  return {newest(session, workspace_key, definition.name).front().record, true};
}

std::optional<model::EnvironmentRecord> find(Session& session, std::int64_t workspace_key, std::string_view name,
                                             std::optional<std::string_view> version) {
  std::int64_t number = 0;
  if (version && !parse_int64(*version, number)) return std::nullopt;
  auto found = version ? select(session, "WHERE workspace_key = ? AND name = ? AND version = ?", {workspace_key, name, number})
                       : newest(session, workspace_key, name);
  if (found.empty()) return std::nullopt;
  return std::move(found.front().record);
}

Result<Page<model::EnvironmentRecord>> list(Session& session, std::int64_t workspace_key, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  auto found =
      to_page(select(session, "WHERE workspace_key = ? AND key < ? ORDER BY key DESC LIMIT ?", {workspace_key, before, request.limit + 1}),
              request.limit, [](const Found& one) { return one.key; });
  Page<model::EnvironmentRecord> page{{}, std::move(found.next)};
  for (Found& one : found.items) page.items.push_back(std::move(one.record));
  return page;
}

}  // namespace muster::store::environments
