// Deleted runs: marked, restored, and in the end removed in slices.

#include "store/dialect.h"
#include "store/runs.h"

namespace muster::store::runs {
namespace {

// The run whose run_id is bound, and all runs below it.
constexpr std::string_view kFamily =
    "WITH RECURSIVE family(key, run_id) AS (SELECT key, run_id FROM runs WHERE run_id = ? "
    "UNION SELECT r.key, r.run_id FROM family JOIN runs r ON r.parent_run_id = family.run_id) ";

/// Those of the family that `where` holds for.
std::vector<std::int64_t> family(Session& session, std::string_view run_id, std::string_view where, std::initializer_list<Value> values) {
  std::vector<Value> all{run_id};
  all.insert(all.end(), values);
  std::vector<std::int64_t> keys;
  session.query(fmt::format("{}SELECT r.key FROM family JOIN runs r ON r.key = family.key WHERE {} ORDER BY r.key", kFamily, where),
                Values(all), [&](const Row& row) { keys.push_back(row.integer(0)); });
  return keys;
}

/// Marks these runs, which have another lifecycle.
void mark(Session& session, const std::vector<std::int64_t>& keys, std::string_view lifecycle, TimeUs deleted_at, std::int64_t counts) {
  for (const std::int64_t key : keys) {
    session.run("UPDATE runs SET lifecycle = ?, deleted_at = ?, revision = revision + 1 WHERE key = ?", {lifecycle, deleted_at, key});
    session.run("UPDATE experiments SET run_count = run_count + ? WHERE key = (SELECT experiment_key FROM runs WHERE key = ?)",
                {counts, key});
  }
}

/// Removes the run's first `count` rows in the order of this column, which comes second in the table's key; how many were removed.
std::int64_t remove_first(Session& session, std::string_view table, std::string_view column, std::int64_t run_key, std::int64_t count) {
  std::optional<std::string> last;
  session.query(fmt::format("SELECT {} FROM {} WHERE run_key = ? ORDER BY {} LIMIT 1 OFFSET ?", column, table, column),
                {run_key, count - 1}, [&](const Row& row) { last = row.text(0); });
  if (!last) return session.run(fmt::format("DELETE FROM {} WHERE run_key = ?", table), {run_key});
  return session.run(fmt::format("DELETE FROM {} WHERE run_key = ? AND {} <= ?", table, column), {run_key, *last});
}

}  // namespace

Result<void> mark_deleted(Session& session, std::int64_t key, TimeUs now) {
  const auto run = find_brief(session, key);
  if (!run) return fail(Code::not_found, "no such run");
  if (run->deleted_at != 0) return {};
  auto going_on = going_on_below(session, run->run_id);
  if (!model::has_ended(run->status)) going_on.insert(going_on.begin(), *run);
  if (!going_on.empty()) {
    const Brief& one = going_on.front();
    return fail_hint(Code::conflict, fmt::format("cancel it first: `muster run cancel {}`", one.run_id),
                     "the run {} is {} and cannot be deleted", one.run_id, to_string(one.status));
  }
  mark(session, family(session, run->run_id, "r.lifecycle = 'active'", {}), "deleted", now, -1);
  return {};
}

void restore(Session& session, std::int64_t key) {
  const auto run = find_brief(session, key);
  if (!run || run->deleted_at == 0) return;
  mark(session, family(session, run->run_id, "r.lifecycle = 'deleted' AND r.deleted_at = ?", {run->deleted_at}), "active", 0, 1);
}

std::optional<Purged> next_to_purge(Session& session, TimeUs older_than) {
  std::optional<Purged> next;
  session.query(fmt::format("SELECT key, uuid FROM runs {} WHERE deleted_at > 0 AND deleted_at < ? ORDER BY deleted_at, key LIMIT 1",
                            dialect::by_index("runs_deleted")),
                {older_than}, [&](const Row& row) {
                  next = Purged{row.integer(0), row.text(1)};
                });
  if (next) session.run("UPDATE runs SET lifecycle = 'purging' WHERE key = ?", {next->key});
  return next;
}

bool purge(Session& session, std::int64_t key, int limit) {
  std::int64_t left = limit;
  // What a run may have very many of; the rest goes with its row.
  for (const char* sql : {"DELETE FROM metric_sketches WHERE (series_key, first_index) IN (SELECT k.series_key, k.first_index FROM "
                          "metric_series s JOIN metric_sketches k ON k.series_key = s.key WHERE s.run_key = ? LIMIT ?)",
                          "DELETE FROM metric_chunks WHERE key IN (SELECT c.key FROM metric_series s JOIN metric_chunks c ON c.series_key "
                          "= s.key WHERE s.run_key = ? LIMIT ?)",
                          "DELETE FROM metric_series WHERE key IN (SELECT key FROM metric_series WHERE run_key = ? LIMIT ?)"}) {
    if (left > 0) left -= session.run(sql, {key, left});
  }
  if (left > 0) left -= remove_first(session, "run_metrics", "name", key, left);
  if (left > 0) left -= remove_first(session, "artifacts", "path", key, left);
  if (left > 0) left -= remove_first(session, "sources", "source", key, left);
  if (left <= 0) return false;
  session.run("DELETE FROM runs WHERE key = ? AND lifecycle = 'purging'", {key});
  return true;
}

}  // namespace muster::store::runs
