#include "api/run_query.h"

#include <cmath>

#include "api/query.h"
#include "api/run_filter.h"
#include "base/clock.h"
#include "base/text.h"

namespace muster::api {
namespace {

using store::runs::Comparison;
using store::runs::Filter;
using store::runs::Order;

constexpr std::size_t kMostConditions = 10;  // of one kind
constexpr std::size_t kMostStars = 8;
constexpr std::size_t kMostShown = 50;
constexpr std::string_view kMetricPrefix = "metrics.";

/// "name", or a name, a sign and a value.
struct Condition {
  std::string name;
  Comparison comparison = Comparison::any;
  std::string value;
};

/// The first sign ends the name; blanks around it do not count.
Condition read_condition(std::string_view text) {
  std::size_t at = text.find_first_of("=<>!");
  while (at != std::string_view::npos && text[at] == '!' && text.substr(at, 2) != "!=") at = text.find_first_of("=<>!", at + 1);
  if (at == std::string_view::npos) return {std::string(text), Comparison::any, ""};
  Condition condition;
  const bool with_equal = text[at] != '=' && text.substr(at + 1, 1) == "=";
  switch (text[at]) {
    case '=': condition.comparison = Comparison::equal; break;
    case '!': condition.comparison = Comparison::not_equal; break;
    case '<': condition.comparison = with_equal ? Comparison::at_most : Comparison::less; break;
    default: condition.comparison = with_equal ? Comparison::at_least : Comparison::greater; break;
  }
  std::string_view name = text.substr(0, at);
  std::string_view value = text.substr(at + (with_equal ? 2 : 1));
  if (condition.comparison != Comparison::equal) {
    while (name.ends_with(' ')) name.remove_suffix(1);
    while (value.starts_with(' ')) value.remove_prefix(1);
  }
  condition.name = name;
  condition.value = value;
  return condition;
}

std::optional<double> read_number(std::string_view text) {
  double number = 0;
  if (!parse_double(text, number) || std::isnan(number)) return std::nullopt;
  return number;
}

std::vector<std::string> condition_texts(QueryReader& query, const char* field) {
  std::vector<std::string> texts = query.texts(field);
  if (texts.size() > kMostConditions) query.fault(field, fmt::format("may be given {} times, not {}", kMostConditions, texts.size()));
  return texts;
}

std::vector<Condition> read_conditions(QueryReader& query, const char* field) {
  std::vector<Condition> conditions;
  for (const std::string& text : condition_texts(query, field)) {
    conditions.push_back(read_condition(text));
    if (conditions.back().name.empty()) query.fault(field, "needs a name");
  }
  return conditions;
}

void read_pairs(QueryReader& query, Filter& filter) {
  for (const std::string& text : condition_texts(query, "tag")) {
    const std::size_t equals = text.find('=');
    filter.tags.push_back({text.substr(0, equals), {}});
    if (equals != std::string::npos) filter.tags.back().value = text.substr(equals + 1);
  }
  for (const Condition& one : read_conditions(query, "parameter")) {
    store::runs::ParameterFilter parameter{one.name, one.comparison, one.value, 0};
    if (one.comparison != Comparison::any && one.comparison != Comparison::equal && one.comparison != Comparison::not_equal) {
      const auto number = read_number(one.value);
      if (!number) query.fault("parameter", fmt::format("compares with a number, not '{}'", to_utf8(one.value.substr(0, 40))));
      parameter.number = number.value_or(0);
    }
    filter.parameters.push_back(std::move(parameter));
  }
  for (const Condition& one : read_conditions(query, "metric")) {
    const auto number = one.comparison == Comparison::any ? std::optional<double>(0) : read_number(one.value);
    if (!number)
      query.fault("metric", fmt::format("compares with a number, not '{}'", to_utf8(one.value.substr(0, 40))), "say NAME>=0.9, or NAME");
    filter.metrics.push_back({one.name, one.comparison, number.value_or(0)});
  }
}

std::optional<TimeUs> read_time(QueryReader& query, const char* field) {
  const auto text = query.text(field);
  if (!text) return std::nullopt;
  const auto time = from_rfc3339(*text);
  if (!time) query.fault(field, time.error().detail);
  return time ? std::optional(*time) : std::nullopt;
}

void read_columns(QueryReader& query, Filter& filter) {
  filter.experiment = query.text("experiment");
  filter.parent_run_id = query.text("parent_run_id");
  filter.display_name = query.text("name");
  if (filter.display_name &&
      static_cast<std::size_t>(std::count(filter.display_name->begin(), filter.display_name->end(), '*')) > kMostStars)
    query.fault("name", fmt::format("may have at most {} `*`", kMostStars));
  if (const auto status = query.text("status")) {
    const auto known = model::run_status_from_string(*status);
    if (known)
      filter.status = *known;
    else
      query.fault("status", known.error().detail, known.error().hint);
  }
  if (const auto kind = query.text("kind")) {
    const auto known = model::run_kind_from_string(*kind);
    if (known)
      filter.kind = *known;
    else
      query.fault("kind", known.error().detail, known.error().hint);
  }
  filter.created_from = read_time(query, "created_from");
  filter.created_before = read_time(query, "created_before");
  if (const auto lifecycle = query.text("lifecycle"); lifecycle == "deleted")
    filter.lifecycle = Filter::Lifecycle::deleted;
  else if (lifecycle == "all")
    filter.lifecycle = Filter::Lifecycle::all;
  else if (lifecycle && *lifecycle != "active")
    query.fault("lifecycle", fmt::format("must be active, deleted or all, not '{}'", lifecycle->substr(0, 40)));
}

void read_shown(QueryReader& query, Filter& filter) {
  const std::vector<std::string> names = query.texts("show");
  if (names.size() > kMostShown) query.fault("show", fmt::format("may be given {} times, not {}", kMostShown, names.size()));
  for (const std::string& name : names) {
    if (!name.starts_with(kMetricPrefix) || name.size() == kMetricPrefix.size())
      query.fault("show", fmt::format("must be metrics.NAME, not '{}'", to_utf8(name.substr(0, 64))));
    else
      filter.shown_metrics.push_back(name.substr(kMetricPrefix.size()));
  }
}

/// "metrics.NAME", "parameters.NAME" or "created_at", and " asc" or " desc" behind it.
Order read_order(QueryReader& query) {
  Order order;
  const auto text = query.text("order_by");
  if (!text) return order;
  std::string_view what = *text;
  order.descending = take_ending(what, " desc");
  if (!order.descending) take_ending(what, " asc");
  constexpr std::string_view kParameters = "parameters.";
  if (what == "created_at") {
    order.by = Order::By::created_at;
  } else if (what.starts_with(kMetricPrefix) && what.size() > kMetricPrefix.size()) {
    order.by = Order::By::metric;
    order.name = what.substr(kMetricPrefix.size());
  } else if (what.starts_with(kParameters) && what.size() > kParameters.size()) {
    order.by = Order::By::parameter;
    order.name = what.substr(kParameters.size());
  } else {
    query.fault("order_by", fmt::format("cannot be '{}'", to_utf8(what.substr(0, 64))),
                "order by metrics.NAME, parameters.NAME or created_at, with ` desc` behind it for the greatest first");
  }
  return order;
}

}  // namespace

Result<RunQuery> read_run_query(const http::Request& request) {
  http::Request whole;  // with what the filter says in the query's words
  whole.query = request.query;
  if (const auto filter = request.query_value("filter")) {
    MUSTER_TRY_ASSIGN(auto terms, query_of_filter(*filter));
    whole.query.merge(terms);
  }
  QueryReader query(whole);
  query.text("filter");
  RunQuery asked;
  read_columns(query, asked.filter);
  read_pairs(query, asked.filter);
  read_shown(query, asked.filter);
  asked.order = read_order(query);
  asked.page = query.page();
  MUSTER_TRY(query.finish());
  return asked;
}

}  // namespace muster::api
