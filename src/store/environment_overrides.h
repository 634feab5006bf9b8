#pragma once
// Which environment of its own a workspace uses instead of a curated one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/session.h"

namespace muster::store::environment_overrides {

struct Override {
  std::string name;  ///< the curated one's
  std::string with_name;
  std::optional<std::string> with_version;  ///< nothing: the newest there is when a run is submitted
  TimeUs created_at = 0;
  std::string created_by;
};

/// In the place of an earlier one of that name.
void set(Session& session, std::int64_t workspace_key, const Override& override);
/// False when there is none.
bool remove(Session& session, std::int64_t workspace_key, std::string_view name);
std::optional<Override> find(Session& session, std::int64_t workspace_key, std::string_view name);
/// All of a workspace, by name.
std::vector<Override> list(Session& session, std::int64_t workspace_key);

}  // namespace muster::store::environment_overrides
