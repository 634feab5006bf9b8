#pragma once
// Where a run stands in an order of runs, and how a cursor says it.

#include <cstdint>
#include <optional>
#include <string>

#include "store/run_list.h"

namespace muster::store::runs {

/// Runs are in order of parts, then of their value, then of their keys.
struct Place {
  enum class Part { value, other, missing };  ///< it has a number (or is ordered by time or key); by text; it has nothing of the kind
  Part part = Part::value;
  TimeUs time = 0;    ///< ordered by created_at
  double number = 0;  ///< of a metric or parameter in the part `value`
  std::string text;   ///< of a parameter in the part `other`
  std::int64_t key = 0;
};

/// Whether one place comes before the other.
bool is_before(const Order& order, const Place& a, const Place& b);

std::string to_cursor(const Order& order, const Place& place);

/// Nothing for an empty cursor. malformed for one that is not this order's, and for one at a run that is no longer there.
Result<std::optional<Place>> place_of_cursor(Session& session, const Order& order, const std::string& cursor);

}  // namespace muster::store::runs
