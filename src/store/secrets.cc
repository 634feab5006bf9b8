#include "store/secrets.h"

#include <string>

#include "base/text.h"

namespace muster::store::secrets {
namespace {

constexpr std::string_view kSeen = "name, created_at, created_by, updated_at, updated_by";

model::Secret read_secret_row(const Row& row) { return {row.text(0), row.integer(1), row.text(2), row.integer(3), row.text(4)}; }

std::int64_t count_secrets(Session& session, std::int64_t workspace_key) {
  std::int64_t count = 0;
  session.query("SELECT COUNT(*) FROM secrets WHERE workspace_key = ?", {workspace_key}, [&](const Row& row) { count = row.integer(0); });
  return count;
}

}  // namespace

Result<model::Secret> put(Session& session, std::int64_t workspace_key, const Stored& stored) {
  model::Secret secret = stored.secret;
  if (const auto earlier = find(session, workspace_key, secret.name)) {
    secret.created_at = earlier->secret.created_at;
    secret.created_by = earlier->secret.created_by;
    remove(session, workspace_key, secret.name);
  } else if (count_secrets(session, workspace_key) >= static_cast<std::int64_t>(model::kMostSecrets)) {
    return fail_hint(Code::conflict, "delete some that nobody needs: muster secret delete NAME",
                     "the workspace has {} secrets, and can have no more", model::kMostSecrets);
  }
  session.run(
      "INSERT INTO secrets (workspace_key, name, key_id, nonce, sealed, created_at, created_by, updated_at, updated_by) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {workspace_key, secret.name, stored.value.key_id, Blob{stored.value.nonce}, Blob{stored.value.bytes}, secret.created_at,
       secret.created_by, secret.updated_at, secret.updated_by});
  return secret;
}

std::optional<Stored> find(Session& session, std::int64_t workspace_key, std::string_view name) {
  std::optional<Stored> found;
  session.query(std::string("SELECT ").append(kSeen).append(", key_id, nonce, sealed FROM secrets WHERE workspace_key = ? AND name = ?"),
                {workspace_key, name}, [&](const Row& row) {
                  found = Stored{read_secret_row(row), {row.text(5), std::string(row.bytes(6)), std::string(row.bytes(7))}};
                });
  return found;
}

Result<Page<model::Secret>> list(Session& session, std::int64_t workspace_key, const PageRequest& request) {
  if (!is_utf8(request.cursor)) return fail_hint(Code::malformed, "start again without a cursor", "this is not a cursor of this listing");
  Page<model::Secret> page;
  session.query(std::string("SELECT ").append(kSeen).append(" FROM secrets WHERE workspace_key = ? AND name > ? ORDER BY name LIMIT ?"),
                {workspace_key, request.cursor, static_cast<std::int64_t>(request.limit) + 1},
                [&](const Row& row) { page.items.push_back(read_secret_row(row)); });
  if (page.items.size() > static_cast<std::size_t>(request.limit)) {
    page.items.resize(static_cast<std::size_t>(request.limit));
    page.next = page.items.back().name;
  }
  return page;
}

bool remove(Session& session, std::int64_t workspace_key, std::string_view name) {
  return session.run("DELETE FROM secrets WHERE workspace_key = ? AND name = ?", {workspace_key, name}) > 0;
}

}  // namespace muster::store::secrets
