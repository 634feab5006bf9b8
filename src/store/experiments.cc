#include "store/experiments.h"

#include <cstdint>

#include "base/id.h"
#include "store/labels.h"

namespace muster::store::experiments {
namespace {

constexpr std::string_view kColumns = "SELECT key, name, id, created_at, created_by, run_count, last_run_at FROM experiments ";

model::Experiment read(const Row& row) {
  model::Experiment experiment;
  experiment.key = row.integer(0);
  experiment.name = row.text(1);
  experiment.id = row.text(2);
  experiment.created_at = row.integer(3);
  experiment.created_by = row.text(4);
  experiment.run_count = row.integer(5);
  experiment.last_run_at = row.integer(6);
  return experiment;
}

}  // namespace

Ensured ensure(Session& session, std::int64_t workspace_key, std::string_view name, TimeUs now, std::string_view by,
               const std::map<std::string, std::string>& tags) {
  if (auto found = find(session, workspace_key, name)) return {std::move(*found), false};
  model::Experiment experiment;
  experiment.name = name;
  experiment.id = random_hex(16);
  experiment.created_at = now;
  experiment.created_by = by;
  experiment.tags = tags;
  session.run("INSERT INTO experiments (workspace_key, name, id, created_at, created_by) VALUES (?, ?, ?, ?, ?)",
              {workspace_key, name, experiment.id, now, by});
  experiment.key = session.last_key();
  labels::set_all(session, labels::kExperimentTags, experiment.key, tags);
  return {std::move(experiment), true};
}

std::optional<model::Experiment> find(Session& session, std::int64_t workspace_key, std::string_view name) {
  std::optional<model::Experiment> found;
  session.query(std::string(kColumns).append("WHERE workspace_key = ? AND name = ?"), {workspace_key, name},
                [&](const Row& row) { found = read(row); });
  if (found) found->tags = labels::read(session, labels::kExperimentTags, found->key);
  return found;
}

Result<Page<model::Experiment>> list(Session& session, std::int64_t workspace_key, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  std::vector<model::Experiment> items;
  session.query(std::string(kColumns).append("WHERE workspace_key = ? AND key < ? ORDER BY key DESC LIMIT ?"),
                {workspace_key, before, request.limit + 1}, [&](const Row& row) { items.push_back(read(row)); });
  for (model::Experiment& experiment : items) experiment.tags = labels::read(session, labels::kExperimentTags, experiment.key);
  return to_page(std::move(items), request.limit, [](const auto& experiment) { return experiment.key; });
}

void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch) {
  labels::patch(session, labels::kExperimentTags, key, patch);
}

}  // namespace muster::store::experiments
