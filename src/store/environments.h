#pragma once
// Registered environment definitions: versions count up, a new one only when the content is new.

#include <optional>
#include <string_view>

#include "model/environment_record.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::environments {

struct Ensured {
  model::EnvironmentRecord record;
  bool created = false;
};
/// Registers the definition under its name; the newest version again when that has the same content (the definition's own version does not
/// count).
Ensured ensure(Session& session, std::int64_t workspace_key, const model::EnvironmentDefinition& definition, TimeUs now,
               std::string_view by);

/// The newest when no version is given.
std::optional<model::EnvironmentRecord> find(Session& session, std::int64_t workspace_key, std::string_view name,
                                             std::optional<std::string_view> version);
/// Newest first, every version.
Result<Page<model::EnvironmentRecord>> list(Session& session, std::int64_t workspace_key, const PageRequest& request);

}  // namespace muster::store::environments
