#pragma once
// Users. None is ever removed: what they made names them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/identity.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::users {

/// conflict when the name is taken.
Result<model::User> create(Session& session, std::string_view name, std::string_view by, TimeUs now);
std::optional<model::User> find(Session& session, std::string_view name);
/// Newest first.
Result<Page<model::User>> list(Session& session, const PageRequest& request);
/// A disabled user's tokens open nothing until it is enabled again. not_found; conflict when nobody would be left who can manage users.
Result<model::User> disable(Session& session, std::string_view name, TimeUs now);
Result<model::User> enable(Session& session, std::string_view name);

}  // namespace muster::store::users
