// Listing runs: which index to walk for which filter. Every listing walks one index backwards from the cursor and stops when the page is
// full.

#include <cstdint>

#include "store/experiments.h"
#include "store/run_row.h"
#include "store/runs.h"

namespace muster::store::runs {
namespace {

/// A query as it is put together: conditions and their values, in the same order.
class Conditions {
 public:
  void add(std::string_view condition, std::initializer_list<Value> values) {
    text_.append(text_.empty() ? "WHERE " : " AND ").append(condition);
    values_.insert(values_.end(), values);
  }
  const std::string& text() const { return text_; }
  std::vector<Value>& values() { return values_; }

 private:
  std::string text_;
  std::vector<Value> values_;
};

/// A table of names and values with a row for each that a run has: tags, parameters.
struct Pairs {
  std::string_view table;
  std::string_view alias;
  const std::string& name;
  const std::optional<std::string>& value;
};

void add_pair(Conditions& conditions, const Pairs& pairs) {
  conditions.add(fmt::format("{}.name = ?", pairs.alias), {pairs.name});
  if (pairs.value) conditions.add(fmt::format("{}.value = ?", pairs.alias), {*pairs.value});
}

std::string_view condition_of(Filter::Lifecycle lifecycle) {
  switch (lifecycle) {
    case Filter::Lifecycle::active: return "r.lifecycle = 'active'";
    case Filter::Lifecycle::deleted: return "r.lifecycle = 'deleted'";
    case Filter::Lifecycle::all: break;
  }
  return "r.lifecycle <> 'purging'";
}

/// In which workspace and experiment, by the columns of this table. Not asked of more than one table: SQLite takes many conditions for few
/// rows, and would rather sort them than walk the index in its order.
void add_scope(Conditions& conditions, std::string_view alias, std::int64_t workspace_key, std::optional<std::int64_t> experiment_key) {
  // Both, whichever of them the index begins with.
  conditions.add(fmt::format("{}.workspace_key = ?", alias), {workspace_key});
  if (experiment_key) conditions.add(fmt::format("{}.experiment_key = ?", alias), {*experiment_key});
}

/// The other conditions that are the run's own columns.
void add_columns(Conditions& conditions, const Filter& filter) {
  if (filter.status) conditions.add("r.status = ?", {to_string(*filter.status)});
  if (filter.kind) conditions.add("r.kind = ?", {to_string(*filter.kind)});
  if (filter.display_name) conditions.add("r.display_name = ?", {*filter.display_name});
  if (filter.parent_run_id) conditions.add("r.parent_run_id = ?", {*filter.parent_run_id});
  conditions.add(condition_of(filter.lifecycle), {});
}

/// The planner knows nothing of how often values occur, so the index is named: the one with the filter that is likely to leave the fewest.
std::string_view index_for(const Filter& filter) {
  if (filter.parent_run_id) return "runs_by_parent";
  if (filter.display_name) return "runs_by_display_name";
  if (filter.status) return filter.experiment ? "runs_by_experiment_and_status" : "runs_by_status";
  if (filter.kind) return filter.experiment ? "runs_by_experiment_and_kind" : "runs_by_kind";
  return filter.experiment ? "runs_by_experiment" : "runs_by_workspace";
}

/// The keys of the runs on the page and one more, newest first.
std::vector<std::int64_t> select_keys(Session& session, std::int64_t workspace_key, std::optional<std::int64_t> experiment_key,
                                      const Filter& filter, std::int64_t before, int limit) {
  Conditions conditions;
  std::vector<Pairs> pairs;
  if (filter.tag) pairs.push_back({"run_tags", "t", *filter.tag, filter.tag_value});
  if (filter.parameter) pairs.push_back({"run_parameters", "p", *filter.parameter, filter.parameter_value});
  std::string from;
  std::string key = "r.key";
  if (pairs.empty()) {
    from = fmt::format("SELECT r.key FROM runs r INDEXED BY {} ", index_for(filter));
    add_scope(conditions, "r", workspace_key, experiment_key);
    add_columns(conditions, filter);
    // Tells SQLite that the partial index may be used.
    if (filter.parent_run_id) conditions.add("r.parent_run_id IS NOT NULL", {});
  } else {
    // The first pair's index is walked; what else is asked for is looked up for each run that it names.
    const Pairs& first = pairs.front();
    key = fmt::format("{}.run_key", first.alias);
    from = fmt::format("SELECT {} FROM {} {} INDEXED BY {}_by_{} ", key, first.table, first.alias, first.table,
                       first.value ? "value" : "name");
    add_scope(conditions, first.alias, workspace_key, experiment_key);
    add_pair(conditions, first);
    for (std::size_t i = 1; i < pairs.size(); ++i) {
      from += fmt::format("CROSS JOIN {0} {1} ON {1}.run_key = {2} ", pairs[i].table, pairs[i].alias, key);
      add_pair(conditions, pairs[i]);
    }
    from += fmt::format("CROSS JOIN runs r ON r.key = {} ", key);
    add_columns(conditions, filter);
  }
  conditions.add(fmt::format("{} < ?", key), {before});
  std::vector<std::int64_t> keys;
  conditions.values().push_back(limit);
  session.query(fmt::format("{}{} ORDER BY {} DESC LIMIT ?", from, conditions.text(), key), Values(conditions.values()),
                [&](const Row& row) { keys.push_back(row.integer(0)); });
  return keys;
}

}  // namespace

Result<Page<model::Run>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const PageRequest& request) {
  MUSTER_TRY_ASSIGN(const std::int64_t before, key_cursor(request, INT64_MAX));
  std::optional<std::int64_t> experiment_key;
  if (filter.experiment) {
    const auto experiment = experiments::find(session, workspace_key, *filter.experiment);
    if (!experiment) return Page<model::Run>{};
    experiment_key = experiment->key;
  }
  auto keys = to_page(select_keys(session, workspace_key, experiment_key, filter, before, request.limit + 1), request.limit,
                      [](std::int64_t key) { return key; });
  Page<model::Run> page{{}, std::move(keys.next)};
  for (const std::int64_t key : keys.items) {
    if (auto run = find(session, key)) page.items.push_back(std::move(*run));
  }
  return page;
}

}  // namespace muster::store::runs
