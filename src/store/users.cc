#include "store/users.h"

#include <cstdint>

#include "store/tokens.h"

namespace muster::store::users {
namespace {

constexpr std::string_view kColumns = "SELECT key, name, created_at, created_by, disabled_at FROM users ";

std::vector<model::User> select(Session& session, std::string_view where, std::initializer_list<Value> values) {
  std::vector<model::User> all;
  session.query(std::string(kColumns).append(where), values, [&](const Row& row) {
    all.push_back({row.integer(0), row.text(1), row.integer(2), row.text(3), row.integer(4)});
  });
  return all;
}

Result<model::User> set_disabled_at(Session& session, std::string_view name, TimeUs when) {
  session.run("UPDATE users SET disabled_at = ? WHERE name = ?", {when, name});
  if (auto user = find(session, name)) return std::move(*user);
  return fail_hint(Code::not_found, "`muster user list` shows those there are", "there is no user '{}'", name.substr(0, 300));
}

}  // namespace

Result<model::User> create(Session& session, std::string_view name, std::string_view by, TimeUs now) {
  if (find(session, name)) return fail(Code::conflict, "there is a user {} already", name);
  session.run("INSERT INTO users (name, created_at, created_by) VALUES (?, ?, ?)", {name, now, by});
  return model::User{session.last_key(), std::string(name), now, std::string(by), 0};
}

std::optional<model::User> find(Session& session, std::string_view name) {
  auto found = select(session, "WHERE name = ?", {name});
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

Result<Page<model::User>> list(Session& session, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  return to_page(select(session, "WHERE key < ? ORDER BY key DESC LIMIT ?", {before, request.limit + 1}), request.limit,
                 [](const model::User& user) { return user.key; });
}

Result<model::User> disable(Session& session, std::string_view name, TimeUs now) {
  if (find(session, name) && !tokens::has_owner(session, "", name)) {
    return fail_hint(Code::conflict, "make a token with the role owner for another user first, one that does not expire",
                     "without {} nobody could manage users and tokens", name);
  }
  return set_disabled_at(session, name, now);
}

Result<model::User> enable(Session& session, std::string_view name) { return set_disabled_at(session, name, 0); }

}  // namespace muster::store::users
