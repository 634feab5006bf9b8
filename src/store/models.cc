#include "store/models.h"

#include <cstdint>

#include "store/labels.h"

namespace muster::store::models {
namespace {

constexpr std::string_view kColumns =
    "SELECT v.key, m.name, v.version, v.run_id, v.experiment, v.description, v.framework, v.framework_version, v.created_at, v.created_by, "
    "v.size "
    "FROM model_versions v JOIN models m ON m.key = v.model_key ";

std::vector<model::ModelFile> files_of(Session& session, std::int64_t key) {
  std::vector<model::ModelFile> files;
  session.query("SELECT path, size, sha256 FROM model_files WHERE version_key = ? ORDER BY path", {key}, [&](const Row& row) {
    files.push_back({row.text(0), static_cast<std::uint64_t>(row.integer(1)), row.text(2)});
  });
  return files;
}

std::vector<model::ModelVersion> select(Session& session, std::string_view where, Values values) {
  std::vector<model::ModelVersion> versions;
  session.query(std::string(kColumns).append(where), values, [&](const Row& row) {
    model::ModelVersion& version = versions.emplace_back();
    version.key = row.integer(0);
    version.name = row.text(1);
    version.version = row.integer(2);
    version.run_id = row.text(3);
    version.experiment = row.text(4);
    version.description = row.text(5);
    version.framework = row.text(6);
    version.framework_version = row.text(7);
    version.created_at = row.integer(8);
    version.created_by = row.text(9);
    version.size = static_cast<std::uint64_t>(row.integer(10));
  });
  for (model::ModelVersion& version : versions) {
    version.tags = labels::read(session, labels::kModelTags, version.key);
    version.properties = labels::read(session, labels::kModelProperties, version.key);
    version.files = files_of(session, version.key);
  }
  return versions;
}

std::optional<model::ModelVersion> select_one(Session& session, std::string_view where, std::initializer_list<Value> values) {
  auto found = select(session, where, Values(values.begin(), values.size()));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

struct Number {
  std::int64_t model_key = 0;
  std::int64_t version = 1;
};

/// Numbers are counted in the model's row, so that a removed version's is not given again.
Number take_number(Session& session, std::int64_t workspace_key, std::string_view name) {
  session.run(
      "INSERT INTO models (workspace_key, name, next_version) VALUES (?, ?, 2) ON CONFLICT (workspace_key, name) DO UPDATE SET "
      "next_version = models.next_version + 1",
      {workspace_key, name});
  Number number;
  session.query("SELECT key, next_version - 1 FROM models WHERE workspace_key = ? AND name = ?", {workspace_key, name},
                [&](const Row& row) {
                  number = {row.integer(0), row.integer(1)};
                });
  return number;
}

}  // namespace

model::ModelVersion insert(Session& session, std::int64_t workspace_key, model::ModelVersion version) {
  const Number number = take_number(session, workspace_key, version.name);
  version.version = number.version;
  version.size = 0;
  for (const model::ModelFile& file : version.files) version.size += file.size;
  session.run(
      "INSERT INTO model_versions (model_key, workspace_key, version, run_id, experiment, description, framework, framework_version, "
      "created_at, created_by, size) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {number.model_key, workspace_key, version.version, version.run_id, version.experiment, version.description, version.framework,
       version.framework_version, version.created_at, version.created_by, static_cast<std::int64_t>(version.size)});
  version.key = session.last_key();
  labels::set_all(session, labels::kModelTags, version.key, version.tags);
  labels::set_all(session, labels::kModelProperties, version.key, version.properties);
  for (const model::ModelFile& file : version.files) {
    session.run("INSERT INTO model_files (version_key, path, size, sha256) VALUES (?, ?, ?, ?)",
                {version.key, file.path, static_cast<std::int64_t>(file.size), file.sha256});
  }
  return version;
}

std::optional<model::ModelVersion> find(Session& session, std::int64_t workspace_key, std::string_view name, std::int64_t version) {
  return select_one(session, "WHERE m.workspace_key = ? AND m.name = ? AND v.version = ?", {workspace_key, name, version});
}

std::optional<model::ModelVersion> find_latest(Session& session, std::int64_t workspace_key, std::string_view name) {
  return select_one(session, "WHERE m.workspace_key = ? AND m.name = ? ORDER BY v.version DESC LIMIT 1", {workspace_key, name});
}

Result<Page<model::ModelVersion>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  std::string where = "WHERE v.workspace_key = ? AND v.key < ?";
  std::vector<Value> values{workspace_key, before};
  const auto add = [&](std::string_view condition, const std::optional<std::string>& value) {
    if (!value) return;
    where.append(condition);
    values.emplace_back(std::string_view(*value));
  };
  add(" AND m.name = ?", filter.name);
  add(" AND v.run_id = ?", filter.run_id);
  if (filter.tag && filter.tag_value) {
    add(" AND EXISTS (SELECT 1 FROM model_tags t WHERE t.version_key = v.key AND t.name = ?", filter.tag);
    add(" AND t.value = ?)", filter.tag_value);
  } else {
    add(" AND EXISTS (SELECT 1 FROM model_tags t WHERE t.version_key = v.key AND t.name = ?)", filter.tag);
  }
  if (filter.latest_only) where += " AND v.version = (SELECT max(o.version) FROM model_versions o WHERE o.model_key = v.model_key)";
  where += " ORDER BY v.key DESC LIMIT ?";
  values.emplace_back(std::int64_t{request.limit} + 1);
  return to_page(select(session, where, values), request.limit, [](const auto& version) { return version.key; });
}

void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch) {
  labels::patch(session, labels::kModelTags, key, patch);
}

Result<void> set_properties(Session& session, std::int64_t key, const std::map<std::string, std::string>& properties) {
  return labels::add(session, labels::kModelProperties, key, properties);
}

void set_description(Session& session, std::int64_t key, std::string_view description) {
  session.run("UPDATE model_versions SET description = ? WHERE key = ?", {description, key});
}

Result<void> remove(Session& session, std::int64_t workspace_key, std::string_view name, std::int64_t version) {
  const std::int64_t removed = session.run(
      "DELETE FROM model_versions WHERE version = ? AND model_key = (SELECT key FROM models WHERE workspace_key = ? AND name = ?)",
      {version, workspace_key, name});
  if (removed == 0) return fail(Code::not_found, "no model {} with version {}", name, version);
  return {};
}

}  // namespace muster::store::models
