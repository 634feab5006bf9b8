#pragma once
// A run from its rows: for the files of this room that read runs.

#include <optional>
#include <string_view>
#include <vector>

#include "model/run.h"
#include "store/session.h"

namespace muster::store {

/// Runs whole (attempt, nodes, tags and properties included) from `FROM runs r …` and what follows it. `after_from` must be one of few
/// texts.
std::vector<model::Run> select_runs(Session& session, std::string_view after_from, Values values);

/// The runs of these keys that are there, in no order.
std::vector<model::Run> runs_of_keys(Session& session, const std::vector<std::int64_t>& keys);

}  // namespace muster::store
