#pragma once
// Which metrics a request asks for: name=, rank= (0 when absent, or "all"), attempt=.

#include "api/query.h"
#include "store/metrics.h"

namespace muster::api {

/// The attempt is 0 when none was given: the run's newest is meant. Faults are the query's.
store::metrics::Selection metric_selection(QueryReader& query);

}  // namespace muster::api
