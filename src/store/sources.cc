#include "store/sources.h"

#include <algorithm>

namespace muster::store::sources {
namespace {

Result<void> check_source_count(Session& session, std::int64_t run_key) {
  std::int64_t count = 0;
  session.query("SELECT count(*) FROM sources WHERE run_key = ?", {run_key}, [&](const Row& row) { count = row.integer(0); });
  if (count < kMostSources) return {};
  return fail_hint(Code::invalid, "let each process send all of its points as one source", "a run may have at most {} sources of points",
                   kMostSources);
}

}  // namespace

std::string of_journal(int attempt, int node_rank, std::string_view process) {
  return fmt::format("{}/{}/{}", attempt, node_rank, process);
}

std::string of_client(std::string_view id) { return fmt::format("client/{}", id); }

std::int64_t next_sequence(Session& session, std::int64_t run_key, std::string_view source) {
  std::int64_t next = 0;
  session.query("SELECT next_sequence FROM sources WHERE run_key = ? AND source = ?", {run_key, source},
                [&](const Row& row) { next = row.integer(0); });
  return next;
}

Result<std::int64_t> advance(Session& session, std::int64_t run_key, std::string_view source, std::int64_t sequence, std::int64_t count) {
  const std::int64_t next = next_sequence(session, run_key, source);
  if (sequence < 0 || count < 0 || sequence > next) {
    return fail_hint(Code::conflict, fmt::format("send the points from sequence {} on", next),
                     "source {}: points {} to {} are missing before {}", source, next, sequence - 1, sequence);
  }
  const std::int64_t known = std::min(next - sequence, count);
  if (known == count) return known;
  if (next == 0) MUSTER_TRY(check_source_count(session, run_key));
  session.run(
      "INSERT INTO sources (run_key, source, next_sequence) VALUES (?, ?, ?) ON CONFLICT (run_key, source) DO UPDATE SET next_sequence = "
      "excluded.next_sequence",
      {run_key, source, sequence + count});
  return known;
}

}  // namespace muster::store::sources
