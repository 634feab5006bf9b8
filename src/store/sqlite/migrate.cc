#include "store/sqlite/migrate.h"
#include "base/crash_point.h"

namespace muster::store {
namespace {

std::int64_t version_of(Connection& connection) {
  std::int64_t version = 0;
  connection.query("SELECT coalesce(max(version), 0) FROM schema_version", {}, [&](const Row& row) { version = row.integer(0); });
  return version;
}

/// Rolls back unless committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) { connection_.execute("BEGIN IMMEDIATE"); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (connection_.in_transaction()) connection_.execute("ROLLBACK");
  }
  void commit() { connection_.execute("COMMIT"); }

 private:
  Connection& connection_;
};

}  // namespace

Result<void> migrate(Connection& connection, const std::vector<Migration>& steps) {
  connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT");
  const std::int64_t found = version_of(connection);
  const auto known = static_cast<std::int64_t>(steps.size());
  if (found > known) {
    return fail_hint(Code::invalid, "use the newer Muster that wrote it",
                     "the database has version {}, written by a newer Muster; this one knows versions up to {}", found, known);
  }
  for (std::int64_t version = found + 1; version <= known; ++version) {
    Transaction transaction(connection);
    connection.execute(steps[static_cast<std::size_t>(version - 1)].sql);
    connection.run("DELETE FROM schema_version", {});
    connection.run("INSERT INTO schema_version (version) VALUES (?)", {version});
    crash_point("server.migration.in_transaction");
    transaction.commit();
    crash_point("server.migration.stored");
  }
  return {};
}

}  // namespace muster::store
