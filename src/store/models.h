#pragma once
// The model registry: names with versions that count up and are never used twice.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/registered_model.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::models {

/// Registers the next version of the name (key, version and size are filled in) and gives it back.
model::ModelVersion insert(Session& session, std::int64_t workspace_key, model::ModelVersion version);

std::optional<model::ModelVersion> find(Session& session, std::int64_t workspace_key, std::string_view name, std::int64_t version);
std::optional<model::ModelVersion> find_latest(Session& session, std::int64_t workspace_key, std::string_view name);

struct Filter {
  std::optional<std::string> name;
  std::optional<std::string> run_id;
  std::optional<std::string> tag;
  std::optional<std::string> tag_value;
  bool latest_only = false;  ///< of each name, the newest version that is left
};
/// Newest first.
Result<Page<model::ModelVersion>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const PageRequest& request);

void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch);
/// As runs::set_properties: what is there cannot change.
Result<void> set_properties(Session& session, std::int64_t key, const std::map<std::string, std::string>& properties);
void set_description(Session& session, std::int64_t key, std::string_view description);

/// Removes the version; its number is not given again. not_found when there is none.
Result<void> remove(Session& session, std::int64_t workspace_key, std::string_view name, std::int64_t version);

}  // namespace muster::store::models
