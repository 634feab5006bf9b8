#include "store/journals.h"

#include <algorithm>

namespace muster::store::journals {

std::int64_t next_sequence(Session& session, const Journal& journal) {
  std::int64_t next = 0;
  session.query("SELECT next_sequence FROM journals WHERE run_key = ? AND attempt = ? AND node_rank = ? AND process = ?",
                {journal.run_key, journal.attempt, journal.node_rank, journal.process}, [&](const Row& row) { next = row.integer(0); });
  return next;
}

Result<std::int64_t> advance(Session& session, const Journal& journal, std::int64_t sequence, std::int64_t count) {
  const std::int64_t next = next_sequence(session, journal);
  if (sequence < 0 || count < 0 || sequence > next) {
    return fail_hint(Code::conflict, fmt::format("send the points from sequence {} on", next),
                     "journal {}: points {} to {} are missing before {}", journal.process, next, sequence - 1, sequence);
  }
  const std::int64_t known = std::min(next - sequence, count);
  if (known < count) {
    session.run(
        "INSERT INTO journals (run_key, attempt, node_rank, process, next_sequence) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT DO UPDATE SET next_sequence = excluded.next_sequence",
        {journal.run_key, journal.attempt, journal.node_rank, journal.process, sequence + count});
  }
  return known;
}

}  // namespace muster::store::journals
