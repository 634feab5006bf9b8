#pragma once
// How far each metric journal (docs/formats.md) has been taken in.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "store/session.h"

namespace muster::store::journals {

/// A journal is written by one process of one node of one attempt.
struct Journal {
  std::int64_t run_key = 0;
  int attempt = 1;
  int node_rank = 0;
  std::string_view process;  ///< its key, "<pid>-<hex>"
};

/// The sequence of the first point we do not have; 0 for an unknown journal.
std::int64_t next_sequence(Session& session, const Journal& journal);

/// Takes note that `count` points from `sequence` on arrived and says how many of them, from the front, are known already: skip those and
/// store the rest in this same transaction. conflict, naming the next sequence, when points in between are missing.
Result<std::int64_t> advance(Session& session, const Journal& journal, std::int64_t sequence, std::int64_t count);

}  // namespace muster::store::journals
