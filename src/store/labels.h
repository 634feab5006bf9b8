#pragma once
// Tags and properties: rows of (owner's key, name, value) in a table of each resource.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/session.h"

namespace muster::store::labels {

struct Table {
  std::string_view name;
  std::string_view owner;  ///< column with the owner's key
};
inline constexpr Table kWorkspaceTags{"workspace_tags", "workspace_key"};
inline constexpr Table kExperimentTags{"experiment_tags", "experiment_key"};
inline constexpr Table kComputeTargetTags{"compute_target_tags", "target_key"};
inline constexpr Table kModelTags{"model_tags", "version_key"};
inline constexpr Table kModelProperties{"model_properties", "version_key"};
inline constexpr Table kRunTags{"run_tags", "run_key"};  ///< only to read and to remove from: its rows have more columns (runs.cc)
inline constexpr Table kRunProperties{"run_properties", "run_key"};

std::map<std::string, std::string> read(Session& session, const Table& table, std::int64_t owner);
void set(Session& session, const Table& table, std::int64_t owner, std::string_view name, std::string_view value);
void set_all(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::string>& values);
void remove(Session& session, const Table& table, std::int64_t owner, std::string_view name);
/// A value sets, nothing removes.
void patch(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::optional<std::string>>& changes);
/// Adds what is not there. conflict, naming it, when one is there with another value; then nothing is added.
Result<void> add(Session& session, const Table& table, std::int64_t owner, const std::map<std::string, std::string>& values);

}  // namespace muster::store::labels
