#pragma once
// Listing runs: filtered, ordered, in pages. A page costs about the same wherever it is and however many runs there are: it walks an index
// in the order that is asked for, or, when one of the filters leaves few runs, sorts those.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/metric.h"
#include "model/run.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::runs {

/// How a value is to compare with a given one; `any`: it is there.
enum class Comparison { any, equal, not_equal, less, at_most, greater, at_least };

struct TagFilter {
  std::string name;
  std::optional<std::string> value;
};
/// `equal` and `not_equal` compare texts, the others numbers, which no other text fulfils.
struct ParameterFilter {
  std::string name;
  Comparison comparison = Comparison::any;
  std::string text;
  double number = 0;
};
/// Of the metric's last value (run_metrics.h). Only a number fulfils a comparison.
struct MetricFilter {
  std::string name;
  Comparison comparison = Comparison::any;
  double number = 0;
};

/// Empty members do not filter; those given must all hold.
struct Filter {
  std::optional<std::string> experiment;
  std::optional<model::RunStatus> status;
  std::optional<model::RunKind> kind;
  std::optional<std::string> display_name;  ///< `*` stands for any characters
  std::optional<std::string> parent_run_id;
  std::optional<TimeUs> created_from;
  std::optional<TimeUs> created_before;
  std::vector<TagFilter> tags;
  std::vector<ParameterFilter> parameters;
  std::vector<MetricFilter> metrics;
  std::vector<std::string> shown_metrics;  ///< filter nothing: their last values are wanted
  enum class Lifecycle { active, deleted, all } lifecycle = Lifecycle::active;
};

/// Runs that are equal in it are in the order in which they were recorded, in the same direction. Whatever the direction, a metric that is
/// NaN or no number comes after the numbers, and runs without it last; a parameter that is no number comes after those that are, by its
/// text.
struct Order {
  enum class By { recorded, created_at, metric, parameter } by = By::recorded;
  std::string name;  ///< of the metric or parameter
  bool descending = true;
};

struct Listed {
  model::Run run;
  std::map<std::string, model::Number> metrics;  ///< the last values of those that the filter and the order name or want shown
};

struct Effort {
  std::int64_t few = 2000;         ///< so many runs that a filter leaves are sorted rather than looked for in an order
  std::int64_t looked_at = 20000;  ///< of the runs that may lack what orders them, for one page
};

/// A page may have fewer runs than asked for, or none, and a `next`: where the runs are that lack a metric or parameter nothing says but a
/// look at each. A filter by time orders by it when no order is asked for. malformed for a cursor that is not this order's.
Result<Page<Listed>> list(Session& session, std::int64_t workspace_key, const Filter& filter, const Order& order,
                          const PageRequest& request, const Effort& effort = {});

}  // namespace muster::store::runs
