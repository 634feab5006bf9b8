#pragma once
// Workspaces. `default` is made with the database, each with its compute target `local`.

#include <optional>
#include <string_view>

#include "model/workspace.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::workspaces {

/// Makes the workspace (key and an empty id are filled in) and its target `local`. conflict when the name is taken.
Result<model::Workspace> create(Session& session, model::Workspace workspace);
std::optional<model::Workspace> find(Session& session, std::string_view name);
std::optional<model::Workspace> find(Session& session, std::int64_t key);
/// Who made it, and its target `local`. For what was made before there was any user.
void set_creator(Session& session, std::string_view name, std::string_view by);
/// Newest first.
Result<Page<model::Workspace>> list(Session& session, const PageRequest& request);

}  // namespace muster::store::workspaces
