#pragma once
// The SQL of a filter on runs: its conditions, and the indexes that can be walked for it.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/run_list.h"

namespace muster::store::runs {

/// "… AND … AND …" and the values in it, in the same order. What the values view must outlive it.
class Conditions {
 public:
  void add(std::string_view condition, Values values);
  void add(std::string_view condition, std::initializer_list<Value> values = {}) { add(condition, Values(values.begin(), values.size())); }
  const std::string& text() const { return text_; }
  const std::vector<Value>& values() const { return values_; }

 private:
  std::string text_;
  std::vector<Value> values_;
};

/// A filter in the terms of the database.
struct Scope {
  std::int64_t workspace_key = 0;
  std::optional<std::int64_t> experiment_key;
  const Filter& filter;
  std::string name_pattern;  ///< of display_name
  std::string name_prefix;   ///< what every such name begins with, and
  std::string name_end;      ///< what all of them are before

  Scope(std::int64_t workspace, std::optional<std::int64_t> experiment, const Filter& wanted);
};

/// An index, as the table `d`, of the runs that hold for a part of the filter, or of all.
struct Source {
  std::string from;
  std::string key;  ///< the column that is the run's
  Conditions where;
  bool in_order = false;          ///< it is in the order of keys
  bool knows_experiment = false;  ///< its last column is the run's experiment
};

/// One for every part of the filter that an index has, those first that are likely to leave the fewest runs.
std::vector<Source> sources_of(const Scope& scope);
/// All runs in the order of keys.
Source all_runs(const Scope& scope);
/// Those created in the time that is asked for, in the order of their creation.
Source runs_by_creation(const Scope& scope);

/// All that the filter asks of a run, in the table `r`; `key` is a column with its key, of an earlier table if there is one: what has a
/// table of its own is then looked up before the run is.
Conditions conditions_of(const Scope& scope, std::string_view key);

}  // namespace muster::store::runs
