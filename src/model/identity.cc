#include "model/identity.h"

#include <array>

#include <nlohmann/json.hpp>

namespace muster::model {
namespace {

constexpr std::array<std::string_view, 3> kRoles{"reader", "contributor", "owner"};

}  // namespace

std::string_view to_string(Role role) { return kRoles[static_cast<std::size_t>(role)]; }

Result<Role> role_from_string(std::string_view name) {
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    if (kRoles[i] == name) return static_cast<Role>(i);
  }
  return fail(Code::invalid, "must be 'reader', 'contributor' or 'owner', not '{}'", name.substr(0, 64));
}

Json to_json(const User& user) {
  return {{"name", user.name},
          {"created_at", time_to_json(user.created_at)},
          {"created_by", user.created_by},
          {"disabled_at", time_to_json(user.disabled_at)}};
}

Json to_json(const Token& token) {
  return {{"id", token.id},
          {"user", token.user},
          {"role", to_string(token.role)},
          {"workspace", token.workspace ? Json(*token.workspace) : Json()},
          {"purpose", token.purpose},
          {"created_at", time_to_json(token.created_at)},
          {"created_by", token.created_by},
          {"expires_at", time_to_json(token.expires_at)},
          {"last_used_at", time_to_json(token.last_used_at)}};
}

}  // namespace muster::model
