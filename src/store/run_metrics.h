#pragma once
// What a run's metrics are at last: a row for each name that its last attempt's rank 0 has logged. What runs are filtered and ordered by.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/metric.h"
#include "store/metric_summary.h"
#include "store/session.h"

namespace muster::store::run_metrics {

/// Whether the points of this attempt and rank are those that count.
bool counts(Session& session, std::int64_t run_key, int attempt, int rank);
void put(Session& session, std::int64_t run_key, std::string_view name, const SeriesSummary& summary);
/// A further attempt begins.
void forget(Session& session, std::int64_t run_key);

/// The metric of each of these runs that has it as a number.
std::map<std::int64_t, model::Number> read(Session& session, const std::vector<std::int64_t>& run_keys, std::string_view name);

/// All of a run, by name; nothing for one that is no number.
std::map<std::string, std::optional<model::Number>> all(Session& session, std::int64_t run_key);

}  // namespace muster::store::run_metrics
