#include "store/run_list.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "store/dialect.h"
#include "store/experiments.h"
#include "store/key_list.h"
#include "store/run_metrics.h"
#include "store/run_order.h"
#include "store/run_row.h"
#include "store/run_sources.h"

namespace muster::store::runs {
namespace {

using By = Order::By;
using Part = Place::Part;

std::string_view table_of(By by) { return by == By::metric ? "run_metrics" : "run_parameters"; }

/// Finds the runs of one page.
class Search {
 public:
  Search(Session& session, const Scope& scope, const Order& order, int limit, const Effort& effort)
      : session_(session),
        scope_(scope),
        order_(order),
        effort_(effort),
        wanted_(limit + 1),
        direction_(order.descending ? "DESC" : "ASC"),
        beyond_(order.descending ? "<" : ">") {}

  void run(const std::optional<Place>& after) {
    const std::vector<Source> sources = sources_of(scope_);
    const bool is_walk = order_.by == By::recorded && (sources.empty() || (sources.size() == 1 && sources.front().in_order));
    if (!is_walk) {
      for (const Source& source : sources) {
        if (const auto keys = few_of(source)) return sort(*keys, after);
      }
    }
    if (order_.by == By::recorded)
      walk_in_order(sources, after);
    else if (order_.by == By::created_at)
      walk_by_creation(after);
    else
      walk_by_value(after);
  }

  /// In their order, one more than the page has when there are more.
  const std::vector<Place>& places() const { return places_; }
  /// Where the search goes on when the page was not filled for all that was looked at.
  const std::optional<Place>& looked_until() const { return looked_until_; }

 private:
  bool full() const { return static_cast<std::int64_t>(places_.size()) >= wanted_; }

  /// The runs of the source when they are few.
  std::optional<std::vector<std::int64_t>> few_of(const Source& source) {
    std::vector<Value> values = source.where.values();
    values.emplace_back(effort_.few + 1);
    std::vector<std::int64_t> keys;
    session_.query(fmt::format("SELECT {} FROM {} WHERE {} LIMIT ?", source.key, source.from, source.where.text()), Values(values),
                   [&](const Row& row) { keys.push_back(row.integer(0)); });
    if (static_cast<std::int64_t>(keys.size()) > effort_.few) return std::nullopt;
    return keys;
  }

  /// Of these runs those that hold for the filter and are after that place, in their order.
  void sort(const std::vector<std::int64_t>& keys, const std::optional<Place>& after) {
    std::string join;
    std::string columns = order_.by == By::created_at ? "0, r.created_at, NULL" : "0, 0, NULL";
    std::vector<Value> first;
    if (order_.by == By::metric || order_.by == By::parameter) {
      join = fmt::format("LEFT JOIN {} o ON o.run_key = r.key AND o.name = ?", table_of(order_.by));
      first.emplace_back(order_.name);
      columns = fmt::format("CASE WHEN o.run_key IS NULL THEN 2 WHEN o.number IS NULL THEN 1 ELSE 0 END, o.number, {}",
                            order_.by == By::parameter ? "CASE WHEN o.number IS NULL THEN o.value END" : "NULL");
    }
    const Conditions conditions = conditions_of(scope_, "r.key");
    for_keys(keys, [&](std::string_view list, const std::vector<Value>& some) {
      std::vector<Value> values = first;
      values.insert(values.end(), some.begin(), some.end());
      values.insert(values.end(), conditions.values().begin(), conditions.values().end());
      session_.query(fmt::format("SELECT r.key, {} FROM runs r {} WHERE r.key IN {} AND {}", columns, join, list, conditions.text()),
                     Values(values), [&](const Row& row) {
                       Place place = place_of(row, static_cast<Part>(row.integer(1)), 2);
                       place.text = row.text(3);
                       if (!after || is_before(order_, *after, place)) places_.push_back(std::move(place));
                     });
    });
    const auto wanted = std::min(places_.size(), static_cast<std::size_t>(wanted_));
    std::partial_sort(places_.begin(), places_.begin() + static_cast<std::ptrdiff_t>(wanted), places_.end(),
                      [&](const Place& a, const Place& b) { return is_before(order_, a, b); });
    places_.resize(wanted);
  }

  Value value_of(const Place& place) const { return order_.by == By::created_at ? Value(place.time) : Value(place.number); }

  void walk_in_order(const std::vector<Source>& sources, const std::optional<Place>& after) {
    for (const Source& source : sources) {
      if (source.in_order) return walk(source, Part::value, "", after);
    }
    walk(all_runs(scope_), Part::value, "", after);
  }

  void walk_by_creation(const std::optional<Place>& after) { walk(runs_by_creation(scope_), Part::value, "d.created_at", after); }

  /// By a metric or parameter: those that have it as a number, as anything else, and those that lack it.
  void walk_by_value(const std::optional<Place>& after) {
    const std::string_view table = table_of(order_.by);
    const auto source_of = [&](std::string_view index, std::string_view kind) {
      Source source{
          fmt::format("{0} d {1}", table, dialect::by_index(fmt::format("{}_by_{}", table, index))), "d.run_key", {}, false, true};
      source.where.add("d.workspace_key = ? AND d.name = ?", {scope_.workspace_key, order_.name});
      source.where.add(kind, {});
      return source;
    };
    const Part from = after ? after->part : Part::value;
    if (from == Part::value) walk(source_of("number", "d.number IS NOT NULL"), Part::value, "d.number", after);
    if (from != Part::missing && !full()) {
      const auto& place = from == Part::other ? after : std::nullopt;
      if (order_.by == By::metric)
        walk(source_of("number", "d.number IS NULL"), Part::other, "", place);
      else
        walk(source_of("text", "d.number IS NULL"), Part::other, "d.value", place);
    }
    if (!full()) walk_missing(from == Part::missing ? after : std::nullopt);
  }

  void walk_missing(const std::optional<Place>& after) {
    Source source = all_runs(scope_);
    Conditions ahead = source.where;
    if (after) ahead.add(fmt::format("d.key {} ?", beyond_), {after->key});
    std::vector<Value> values = ahead.values();
    values.emplace_back(effort_.looked_at - 1);
    std::int64_t last = 0;
    session_.query(fmt::format("SELECT d.key FROM {} WHERE {} ORDER BY d.key {} LIMIT 1 OFFSET ?", source.from, ahead.text(), direction_),
                   Values(values), [&](const Row& row) { last = row.integer(0); });
    if (last != 0) source.where.add(fmt::format("d.key {}= ?", order_.descending ? ">" : "<"), {last});
    source.where.add(fmt::format("NOT EXISTS (SELECT 1 FROM {} o WHERE o.run_key = d.key AND o.name = ?)", table_of(order_.by)),
                     {order_.name});
    walk(source, Part::missing, "", after);
    if (!full() && last != 0) {
      looked_until_ = Place{};
      looked_until_->part = Part::missing;
      looked_until_->key = last;
    }
  }

  /// Walks the source, which is in the order of `value` (a column, or none) and the key, and looks each run up.
  void walk(const Source& source, Part part, std::string_view value, const std::optional<Place>& after) {
    Conditions where = source.where;
    // Not asked of both tables: the planner takes many conditions for few rows, and would rather sort them than walk the index in its
    // order.
    if (source.knows_experiment && scope_.experiment_key) where.add("d.experiment_key = ?", {*scope_.experiment_key});
    if (after && value.empty())
      where.add(fmt::format("{} {} ?", source.key, beyond_), {after->key});
    else if (after)
      where.add(fmt::format("({}, {}) {} (?, ?)", value, source.key, beyond_),
                {part == Part::other ? Value(after->text) : value_of(*after), after->key});
    const Conditions conditions = conditions_of(scope_, source.key);
    where.add(conditions.text(), conditions.values());
    std::vector<Value> values = where.values();
    values.emplace_back(wanted_ - static_cast<std::int64_t>(places_.size()));
    const std::string order = value.empty() ? source.key : fmt::format("{} {}, {}", value, direction_, source.key);
    session_.query(fmt::format("SELECT {0}, {1} FROM {2} {3} runs r ON r.key = {0} WHERE {4} ORDER BY {5} {6} LIMIT ?", source.key,
                               value.empty() ? "0" : value, source.from, dialect::kThen, where.text(), order, direction_),
                   Values(values), [&](const Row& row) { places_.push_back(place_of(row, part, 1)); });
  }

  Place place_of(const Row& row, Part part, int value_column) const {
    Place place;
    place.part = part;
    place.key = row.integer(0);
    if (order_.by == By::created_at) place.time = row.integer(value_column);
    if (part == Part::value && (order_.by == By::metric || order_.by == By::parameter)) place.number = row.real(value_column);
    return place;
  }

  Session& session_;
  const Scope& scope_;
  const Order& order_;
  const Effort effort_;
  const std::int64_t wanted_;
  const std::string_view direction_;
  const std::string_view beyond_;
  std::vector<Place> places_;
  std::optional<Place> looked_until_;
};

std::vector<Listed> load(Session& session, const std::vector<Place>& places, const Filter& filter, const Order& order) {
  std::vector<std::int64_t> keys;
  for (const Place& place : places) keys.push_back(place.key);
  std::unordered_map<std::int64_t, model::Run> runs;
  for (model::Run& run : runs_of_keys(session, keys)) {
    const std::int64_t key = run.key;
    runs.emplace(key, std::move(run));
  }
  std::vector<Listed> listed;
  std::unordered_map<std::int64_t, std::size_t> position;
  for (const std::int64_t key : keys) {
    const auto at = runs.find(key);
    if (at == runs.end()) continue;
    position[key] = listed.size();
    listed.push_back({std::move(at->second), {}});
  }
  std::set<std::string> names;
  for (const MetricFilter& metric : filter.metrics) names.insert(metric.name);
  names.insert(filter.shown_metrics.begin(), filter.shown_metrics.end());
  if (order.by == By::metric) names.insert(order.name);
  for (const std::string& name : names) {
    for (const auto& [key, number] : run_metrics::read(session, keys, name)) {
      if (const auto at = position.find(key); at != position.end()) listed[at->second].metrics[name] = number;
    }
  }
  return listed;
}

}  // namespace

Result<Page<Listed>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const Order& asked,
                          const PageRequest& request, const Effort& effort) {
  Order order = asked;
  if (order.by == By::recorded && (filter.created_from || filter.created_before)) order.by = By::created_at;
  MUSTER_TRY_ASSIGN(const auto after, place_of_cursor(session, order, request.cursor));
  std::optional<std::int64_t> experiment_key;
  if (filter.experiment) {
    const auto experiment = experiments::find(session, workspace_key, *filter.experiment);
    if (!experiment) return Page<Listed>{};
    experiment_key = experiment->key;
  }
  const Scope scope(workspace_key, experiment_key, filter);
  Search search(session, scope, order, request.limit, effort);
  search.run(after);
  std::vector<Place> places = search.places();
  Page<Listed> page;
  if (places.size() > static_cast<std::size_t>(request.limit)) {
    places.resize(static_cast<std::size_t>(request.limit));
    page.next = to_cursor(order, places.back());
  } else if (search.looked_until()) {
    page.next = to_cursor(order, *search.looked_until());
  }
  page.items = load(session, places, filter, order);
  return page;
}

}  // namespace muster::store::runs
