#pragma once
// Metric points on their way in, from runners and from clients: read, then stored once however often they are sent.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "model/journal.h"
#include "store/metrics.h"
#include "store/session.h"

namespace muster::api {

/// What one call brings: points that follow each other in their source.
struct PointBatch {
  std::vector<model::NamedPoint> points;
  std::vector<std::int64_t> places;  ///< of each point in the batch: those that cannot be kept take a place too
  std::int64_t count = 0;            ///< of places
};
/// Of a journal's records; malformed, saying where, when they are not a row of whole records.
Result<PointBatch> points_from_records(std::string_view bytes);
/// Of {"points": [{"name", "value", "step", "time"}]}; a point without a time has `now`. invalid with every fault.
Result<PointBatch> points_from_json(const Json& body, TimeUs now);

/// Stores those of the batch that are new to the source, for a transaction that may run again; the next sequence that is expected. Names
/// beyond the limits become a warning of the run.
Result<std::int64_t> store_points(store::Session& session, std::string_view source, const store::metrics::Writer& writer,
                                  std::int64_t sequence, const PointBatch& batch);

}  // namespace muster::api
