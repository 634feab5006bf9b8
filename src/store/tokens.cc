#include "store/tokens.h"

#include <cstdint>

#include "base/hash.h"
#include "store/users.h"
#include "store/workspaces.h"

namespace muster::store::tokens {
namespace {

constexpr std::size_t kIdDigits = 12;
constexpr std::string_view kColumns =
    "SELECT t.key, t.id, u.name, t.role, w.name, t.purpose, t.created_at, t.created_by, t.expires_at, t.last_used_at, u.disabled_at "
    "FROM tokens t JOIN users u ON u.key = t.user_key LEFT JOIN workspaces w ON w.key = t.workspace_key ";
/// Tokens by which users and tokens can be managed for ever.
constexpr std::string_view kOfOwners =
    "FROM tokens t JOIN users u ON u.key = t.user_key "
    "WHERE t.role = 'owner' AND t.workspace_key IS NULL AND t.expires_at = 0 AND u.disabled_at = 0 ";

model::Token read(const Row& row) {
  model::Token token;
  token.key = row.integer(0);
  token.id = row.text(1);
  token.user = row.text(2);
  // What a later version wrote, or a damaged disk, opens no more than the least.
  token.role = model::role_from_string(row.text(3)).value_or(model::Role::reader);
  token.workspace = row.optional_text(4);
  token.purpose = row.text(5);
  token.created_at = row.integer(6);
  token.created_by = row.text(7);
  token.expires_at = row.integer(8);
  token.last_used_at = row.integer(9);
  token.user_is_disabled = row.integer(10) != 0;
  return token;
}

std::vector<model::Token> select(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::vector<model::Token> all;
  session.query(std::string(kColumns).append(where), values, [&](const Row& row) { all.push_back(read(row)); });
  return all;
}

std::optional<model::Token> first(std::vector<model::Token> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace

Result<model::Token> add(Session& session, std::string_view secret, model::Token token) {
  const std::string hash = sha256_hex(secret);
  token.id = hash.substr(0, kIdDigits);
  if (!select(session, "WHERE t.id = ?", {token.id}).empty()) return fail(Code::conflict, "this token is known already");
  const auto user = users::find(session, token.user);
  if (!user) return fail_hint(Code::not_found, "`muster user create` makes one", "there is no user '{}'", token.user.substr(0, 300));
  token.user_is_disabled = user->disabled_at != 0;
  Value workspace_key = nullptr;
  if (token.workspace) {
    const auto workspace = workspaces::find(session, *token.workspace);
    if (!workspace) return fail(Code::not_found, "there is no workspace '{}'", token.workspace->substr(0, 300));
    workspace_key = workspace->key;
  }
  session.run(
      "INSERT INTO tokens (id, hash, user_key, role, workspace_key, purpose, created_at, created_by, expires_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {token.id, hash, user->key, to_string(token.role), workspace_key, token.purpose, token.created_at, token.created_by,
       token.expires_at});
  token.key = session.last_key();
  return token;
}

Result<model::Token> add_owner(Session& session, std::string_view secret, std::string_view user, std::string_view purpose, TimeUs now) {
  bool is_first = true;
  session.query("SELECT key FROM users LIMIT 1", {}, [&](const Row&) { is_first = false; });
  if (!users::find(session, user)) MUSTER_TRY(users::create(session, user, user, now));
  MUSTER_TRY(users::enable(session, user));
  if (is_first) workspaces::set_creator(session, "default", user);
  model::Token token;
  token.user = user;
  token.role = model::Role::owner;
  token.purpose = purpose;
  token.created_at = now;
  token.created_by = user;
  return add(session, secret, std::move(token));
}

std::optional<model::Token> find(Session& session, std::string_view secret) {
  return first(select(session, "WHERE t.hash = ?", {sha256_hex(secret)}));
}

std::optional<model::Token> find_by_key(Session& session, std::int64_t key) { return first(select(session, "WHERE t.key = ?", {key})); }

bool usable(const model::Token& token, TimeUs now) { return !token.user_is_disabled && (token.expires_at == 0 || now < token.expires_at); }

Result<Page<model::Token>> list(Session& session, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  return to_page(select(session, "WHERE t.key < ? ORDER BY t.key DESC LIMIT ?", {before, request.limit + 1}), request.limit,
                 [](const model::Token& token) { return token.key; });
}

Result<model::Token> revoke(Session& session, std::string_view id) {
  auto token = first(select(session, "WHERE t.id = ?", {id}));
  if (!token)
    return fail_hint(Code::not_found, "`muster token list` shows those there are, by their ids", "there is no token '{}'",
                     id.substr(0, 300));
  if (!has_owner(session, id, "")) {
    return fail_hint(Code::conflict, "make another one with the role owner first, one that does not expire",
                     "without the token {} of {} nobody could manage users and tokens", token->id, token->user);
  }
  session.run("DELETE FROM tokens WHERE key = ?", {token->key});
  return std::move(*token);
}

bool has_owner(Session& session, std::string_view but_token, std::string_view but_user) {
  bool found = false;
  session.query(std::string("SELECT t.key ").append(kOfOwners).append("AND t.id <> ? AND u.name <> ? LIMIT 1"), {but_token, but_user},
                [&](const Row&) { found = true; });
  return found;
}

std::vector<std::string> owners(Session& session) {
  std::vector<std::string> names;
  session.query(std::string("SELECT u.name, min(u.key) ").append(kOfOwners).append("GROUP BY u.name ORDER BY min(u.key) LIMIT 3"), {},
                [&](const Row& row) { names.push_back(row.text(0)); });
  return names;
}

void note_use(Session& session, const std::map<std::int64_t, TimeUs>& used) {
  for (const auto& [key, when] : used) session.run("UPDATE tokens SET last_used_at = ? WHERE key = ?", {when, key});
}

}  // namespace muster::store::tokens
