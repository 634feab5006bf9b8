#include "store/run_metrics.h"

#include <cmath>
#include <limits>

#include "store/key_list.h"

namespace muster::store::run_metrics {

namespace {

/// Of a row's columns kind and number; nothing when the value is no number.
std::optional<model::Number> number_of(const Row& row, int kind_column) {
  const auto kind = static_cast<SeriesSummary::Kind>(row.integer(kind_column));
  if (kind == SeriesSummary::Kind::other) return std::nullopt;
  const double number = row.is_null(kind_column + 1) ? std::numeric_limits<double>::quiet_NaN() : row.real(kind_column + 1);
  return model::Number{number, kind == SeriesSummary::Kind::integer};
}

}  // namespace

bool counts(Session& session, std::int64_t run_key, int attempt, int rank) {
  if (rank != 0) return false;
  bool last = false;
  session.query("SELECT attempt FROM runs WHERE key = ?", {run_key}, [&](const Row& row) { last = row.integer(0) == attempt; });
  return last;
}

void put(Session& session, std::int64_t run_key, std::string_view name, const SeriesSummary& summary) {
  const bool is_number = summary.last_kind != SeriesSummary::Kind::other && !std::isnan(summary.last_number);
  const Value number = is_number ? Value(summary.last_number) : Value(nullptr);
  const auto kind = static_cast<std::int64_t>(summary.last_kind);
  if (session.run("UPDATE run_metrics SET kind = ?, number = ? WHERE run_key = ? AND name = ?", {kind, number, run_key, name}) != 0) return;
  session.run(
      "INSERT INTO run_metrics (run_key, name, kind, number, workspace_key, experiment_key) SELECT key, ?, ?, ?, workspace_key, "
      "experiment_key FROM runs WHERE key = ?",
      {name, kind, number, run_key});
}

void forget(Session& session, std::int64_t run_key) { session.run("DELETE FROM run_metrics WHERE run_key = ?", {run_key}); }

std::map<std::int64_t, model::Number> read(Session& session, const std::vector<std::int64_t>& run_keys, std::string_view name) {
  std::map<std::int64_t, model::Number> numbers;
  for_keys(run_keys, [&](std::string_view list, std::vector<Value> values) {
    values.push_back(name);
    session.query(fmt::format("SELECT run_key, kind, number FROM run_metrics WHERE run_key IN {} AND name = ?", list), Values(values),
                  [&](const Row& row) {
                    if (const auto number = number_of(row, 1)) numbers[row.integer(0)] = *number;
                  });
  });
  return numbers;
}

std::map<std::string, std::optional<model::Number>> all(Session& session, std::int64_t run_key) {
  std::map<std::string, std::optional<model::Number>> metrics;
  session.query("SELECT name, kind, number FROM run_metrics WHERE run_key = ?", {run_key},
                [&](const Row& row) { metrics[row.text(0)] = number_of(row, 1); });
  return metrics;
}

}  // namespace muster::store::run_metrics
