#pragma once
// Where a run's metric points come from, and how far each source has been taken in: a rank's journal (docs/formats.md), or a client of the
// API. A source numbers its points from 0, so that a repeated call changes nothing.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/session.h"

namespace muster::store::sources {

/// A journal is written by one process of one node of one attempt; `process` is its key, "<pid>-<hex>".
std::string of_journal(int attempt, int node_rank, std::string_view process);
/// `id` is the client's own choice.
std::string of_client(std::string_view id);

/// The sequence of the first point we do not have; 0 for an unknown source.
std::int64_t next_sequence(Session& session, std::int64_t run_key, std::string_view source);

/// Takes note that `count` points from `sequence` on arrived and says how many of them, from the front, are known already: skip those and
/// store the rest in this same transaction. conflict, naming the next sequence, when points in between are missing; invalid when the run
/// has kMostSources and this would be another.
Result<std::int64_t> advance(Session& session, std::int64_t run_key, std::string_view source, std::int64_t sequence, std::int64_t count);

inline constexpr std::int64_t kMostSources = 200'000;  ///< of one run, over all attempts

}  // namespace muster::store::sources
