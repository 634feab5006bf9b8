#include "store/run_sources.h"

#include "store/dialect.h"

namespace muster::store::runs {
namespace {

std::string_view operator_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::any: break;
    case Comparison::equal: return "=";
    case Comparison::not_equal: return "<>";
    case Comparison::less: return "<";
    case Comparison::at_most: return "<=";
    case Comparison::greater: return ">";
    case Comparison::at_least: return ">=";
  }
  return "";
}

bool compares_texts(Comparison comparison) { return comparison == Comparison::equal || comparison == Comparison::not_equal; }

Conditions name_and_value(std::string_view table, const TagFilter& tag) {
  Conditions conditions;
  conditions.add(fmt::format("{}.name = ?", table), {tag.name});
  if (tag.value) conditions.add(fmt::format("{}.value = ?", table), {*tag.value});
  return conditions;
}

void add_value(Conditions& conditions, std::string_view table, const ParameterFilter& parameter) {
  const std::string_view sign = operator_of(parameter.comparison);
  if (compares_texts(parameter.comparison))
    conditions.add(fmt::format("{}.value {} ?", table, sign), {parameter.text});
  else if (parameter.comparison != Comparison::any)
    conditions.add(fmt::format("{}.number {} ?", table, sign), {parameter.number});
}

Conditions name_and_value(std::string_view table, const ParameterFilter& parameter) {
  Conditions conditions;
  conditions.add(fmt::format("{}.name = ?", table), {parameter.name});
  add_value(conditions, table, parameter);
  return conditions;
}

Conditions name_and_value(std::string_view table, const MetricFilter& metric) {
  Conditions conditions;
  conditions.add(fmt::format("{}.name = ?", table), {metric.name});
  if (metric.comparison != Comparison::any)
    conditions.add(fmt::format("{}.number {} ?", table, operator_of(metric.comparison)), {metric.number});
  return conditions;
}

/// An index of the table of runs itself.
Source of_runs(std::string_view index, bool in_order) {
  return {fmt::format("runs d {}", dialect::by_index(index)), "d.key", {}, in_order, false};
}

Source of_table(std::string_view table, std::string_view index, bool in_order, const Scope& scope, const Conditions& pair) {
  Source source{fmt::format("{} d {}", table, dialect::by_index(index)), "d.run_key", {}, in_order, true};
  source.where.add("d.workspace_key = ?", {scope.workspace_key});
  source.where.add(pair.text(), pair.values());
  return source;
}

/// "runs_by_status", or the same of one experiment.
Source of_column(const Scope& scope, std::string_view column, std::string_view value) {
  Source source = of_runs(fmt::format("runs_by_{}{}", scope.experiment_key ? "experiment_and_" : "", column), true);
  if (scope.experiment_key)
    source.where.add("d.experiment_key = ?", {*scope.experiment_key});
  else
    source.where.add("d.workspace_key = ?", {scope.workspace_key});
  source.where.add(fmt::format("d.{} = ?", column), {value});
  return source;
}

void add_pair_sources(const Scope& scope, std::vector<Source>& sources) {
  for (const TagFilter& tag : scope.filter.tags) {
    sources.push_back(of_table("run_tags", tag.value ? "run_tags_by_value" : "run_tags_by_name", true, scope, name_and_value("d", tag)));
  }
  for (const ParameterFilter& parameter : scope.filter.parameters) {
    const bool equal = parameter.comparison == Comparison::equal;
    const bool named = parameter.comparison == Comparison::any || parameter.comparison == Comparison::not_equal;
    const std::string_view index = equal ? "run_parameters_by_value" : named ? "run_parameters_by_name" : "run_parameters_by_number";
    // What is not equal is all that have it, as far as the index knows.
    Source source{fmt::format("run_parameters d {}", dialect::by_index(index)), "d.run_key", {}, equal || named, true};
    source.where.add("d.workspace_key = ? AND d.name = ?", {scope.workspace_key, parameter.name});
    if (!named) add_value(source.where, "d", parameter);
    if (!equal && !named) source.where.add("d.number IS NOT NULL");
    sources.push_back(std::move(source));
  }
}

}  // namespace

void Conditions::add(std::string_view condition, Values values) {
  if (condition.empty()) return;
  text_.append(text_.empty() ? "" : " AND ").append(condition);
  values_.insert(values_.end(), values.begin(), values.end());
}

Scope::Scope(std::int64_t workspace, std::optional<std::int64_t> experiment, const Filter& wanted)
    : workspace_key(workspace), experiment_key(experiment), filter(wanted) {
  if (!filter.display_name) return;
  name_pattern = dialect::like_pattern(*filter.display_name);
  name_prefix = filter.display_name->substr(0, filter.display_name->find('*'));
  name_end = name_prefix + "\U0010FFFF";
}

Source all_runs(const Scope& scope) {
  Source source = of_runs(scope.experiment_key ? "runs_by_experiment" : "runs_by_workspace", true);
  if (scope.experiment_key)
    source.where.add("d.experiment_key = ?", {*scope.experiment_key});
  else
    source.where.add("d.workspace_key = ?", {scope.workspace_key});
  return source;
}

Source runs_by_creation(const Scope& scope) {
  Source source = of_runs("runs_by_created", false);
  source.where.add("d.workspace_key = ?", {scope.workspace_key});
  if (scope.filter.created_from) source.where.add("d.created_at >= ?", {*scope.filter.created_from});
  if (scope.filter.created_before) source.where.add("d.created_at < ?", {*scope.filter.created_before});
  return source;
}

std::vector<Source> sources_of(const Scope& scope) {
  const Filter& filter = scope.filter;
  std::vector<Source> sources;
  if (filter.parent_run_id) {
    Source source = of_runs("runs_by_parent", true);
    // The second tells the planner that the partial index may be used.
    source.where.add("d.parent_run_id = ? AND d.parent_run_id IS NOT NULL", {*filter.parent_run_id});
    sources.push_back(std::move(source));
  }
  const bool one_name = filter.display_name && filter.display_name->find('*') == std::string::npos;
  if (one_name) {
    Source source = of_runs("runs_by_display_name", true);
    source.where.add("d.workspace_key = ? AND d.display_name = ?", {scope.workspace_key, *filter.display_name});
    sources.push_back(std::move(source));
  }
  add_pair_sources(scope, sources);
  if (filter.status) sources.push_back(of_column(scope, "status", to_string(*filter.status)));
  if (filter.kind) sources.push_back(of_column(scope, "kind", to_string(*filter.kind)));
  if (scope.experiment_key) sources.push_back(all_runs(scope));
  for (const MetricFilter& metric : filter.metrics)
    sources.push_back(of_table("run_metrics", "run_metrics_by_number", false, scope, name_and_value("d", metric)));
  if (filter.created_from || filter.created_before) sources.push_back(runs_by_creation(scope));
  // The last: all names may have to be looked through.
  if (filter.display_name && !one_name) {
    Source source = of_runs("runs_by_display_name", false);
    source.where.add("d.workspace_key = ?", {scope.workspace_key});
    if (!scope.name_prefix.empty()) source.where.add("d.display_name >= ? AND d.display_name < ?", {scope.name_prefix, scope.name_end});
    source.where.add(dialect::is_like("d.display_name"), {scope.name_pattern});
    sources.push_back(std::move(source));
  }
  return sources;
}

Conditions conditions_of(const Scope& scope, std::string_view key) {
  const Filter& filter = scope.filter;
  Conditions conditions;
  conditions.add("r.workspace_key = ?", {scope.workspace_key});
  if (scope.experiment_key) conditions.add("r.experiment_key = ?", {*scope.experiment_key});
  switch (filter.lifecycle) {
    case Filter::Lifecycle::active: conditions.add("r.lifecycle = 'active'"); break;
    case Filter::Lifecycle::deleted: conditions.add("r.lifecycle = 'deleted'"); break;
    case Filter::Lifecycle::all: conditions.add("r.lifecycle <> 'purging'"); break;
  }
  if (filter.status) conditions.add("r.status = ?", {to_string(*filter.status)});
  if (filter.kind) conditions.add("r.kind = ?", {to_string(*filter.kind)});
  if (filter.display_name) conditions.add(dialect::is_like("r.display_name"), {scope.name_pattern});
  if (filter.parent_run_id) conditions.add("r.parent_run_id = ?", {*filter.parent_run_id});
  if (filter.created_from) conditions.add("r.created_at >= ?", {*filter.created_from});
  if (filter.created_before) conditions.add("r.created_at < ?", {*filter.created_before});
  const auto add_pair = [&](std::string_view table, const Conditions& pair) {
    Conditions exists;
    exists.add(fmt::format("p.run_key = {}", key));
    exists.add(pair.text(), pair.values());
    conditions.add(fmt::format("EXISTS (SELECT 1 FROM {} p WHERE {})", table, exists.text()), exists.values());
  };
  for (const TagFilter& tag : filter.tags) add_pair("run_tags", name_and_value("p", tag));
  for (const ParameterFilter& parameter : filter.parameters) add_pair("run_parameters", name_and_value("p", parameter));
  for (const MetricFilter& metric : filter.metrics) add_pair("run_metrics", name_and_value("p", metric));
  return conditions;
}

}  // namespace muster::store::runs
