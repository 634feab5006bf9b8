#pragma once
// Who asks: users, and the tokens by which they do.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

/// What a token lets its user do, each all of what the ones before it do: look; submit, write and cancel; manage users, tokens and
/// machines.
enum class Role { reader, contributor, owner };

std::string_view to_string(Role role);
/// invalid names the roles there are.
Result<Role> role_from_string(std::string_view name);

struct User {
  std::int64_t key = 0;  ///< inside the store; never shown
  std::string name;
  TimeUs created_at = 0;
  std::string created_by;
  TimeUs disabled_at = 0;  ///< 0: enabled. A disabled user's tokens open nothing
};
/// As the API shows it.
Json to_json(const User& user);

struct Token {
  std::int64_t key = 0;  ///< inside the store; never shown
  std::string id;        ///< by which it is named where its secret must not be: 12 hex digits
  std::string user;
  Role role = Role::reader;
  std::optional<std::string> workspace;  ///< the only one that it reaches; nothing: all of them
  std::string purpose;                   ///< in its maker's words; may be empty
  TimeUs created_at = 0;
  std::string created_by;
  TimeUs expires_at = 0;    ///< 0: never
  TimeUs last_used_at = 0;  ///< 0: not yet; at most some minutes old
  bool user_is_disabled = false;
};
/// As the API shows it: never with the secret.
Json to_json(const Token& token);

}  // namespace muster::model
