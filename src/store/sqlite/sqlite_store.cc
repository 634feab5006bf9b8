// The store in one SQLite file: a writer thread, a few readers, a lock that keeps a second server out.

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/file_lock.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/reader_pool.h"
#include "store/sqlite/writer.h"
#include "store/store.h"
#include "store/workspaces.h"

namespace muster::store {
namespace {

constexpr int kReaders = 4;

class SqliteStore final : public Store {
 public:
  SqliteStore(FileLock lock, std::unique_ptr<Connection> connection, const std::filesystem::path& file)
      : lock_(std::move(lock)), writer_(std::move(connection)), readers_(file, kReaders) {}

 private:
  Result<void> write_erased(const Work& work) override { return writer_.write(work); }
  void write_later_erased(Work work, Then then) override { writer_.write_later(std::move(work), std::move(then)); }
  Result<void> read_erased(const Work& work) override { return readers_.read(work); }

  // In this order, so that the readers close first, the writer's connection checkpoints alone, and the lock is let go last.
  FileLock lock_;
  Writer writer_;
  ReaderPool readers_;
};

/// A database that an older Muster made keeps the space of removed rows. Changing that rewrites it, once; without the room for that it
/// stays as it is until a later start.
void make_shrinkable(Connection& connection, const std::filesystem::path& file) {
  std::int64_t mode = 0;
  connection.query("PRAGMA auto_vacuum", {}, [&](const Row& row) { mode = row.integer(0); });
  if (mode != 0) return;
  try {
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL; VACUUM");
  } catch (const StoreFailure& failure) {
    log::warning("store", "{} was not rewritten, so that it keeps the space of what is deleted: {}", file.string(), failure.error().detail);
  }
}

Result<std::unique_ptr<Connection>> open_for_writing(const std::filesystem::path& file) {
  auto connection = std::make_unique<Connection>(file, Access::read_write);
  connection->execute("PRAGMA auto_vacuum = INCREMENTAL");  // of a new database; an older one is changed below
  std::string mode;
  connection->query("PRAGMA journal_mode = WAL", {}, [&](const Row& row) { mode = row.text(0); });
  if (mode != "wal") {
    return fail_hint(Code::invalid, "keep MUSTER_HOME on a local disk",
                     "{} cannot use a write-ahead log (mode {}): is it on a network file system?", file.string(), mode);
  }
  // FULL: a commit survives a power cut. The log is cut back to 64 MiB after it was longer.
  connection->execute("PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192;");
  MUSTER_TRY(migrate(*connection, migrations()));
  make_shrinkable(*connection, file);
  return connection;
}

Result<void> make_default_workspace(Store& store) {
  return store.write([](Session& session) -> Result<void> {
    if (workspaces::find(session, "default")) return {};
    model::Workspace workspace;
    workspace.name = "default";
    workspace.created_at = SystemClock().now_us();
    workspace.created_by = "muster";
    MUSTER_TRY(workspaces::create(session, workspace));
    return {};
  });
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& file) {
  try {
    std::filesystem::path lock_file = file;
    lock_file += ".lock";
    MUSTER_TRY_ASSIGN(FileLock lock, FileLock::take(lock_file));
    MUSTER_TRY_ASSIGN(std::unique_ptr<Connection> connection, open_for_writing(file));
    std::unique_ptr<Store> store = std::make_unique<SqliteStore>(std::move(lock), std::move(connection), file);
    MUSTER_TRY(make_default_workspace(*store));
    return store;
  } catch (const StoreFailure& failure) {
    Error error = failure.error();
    if (error.detail.find(file.string()) == std::string::npos) error.detail = fmt::format("{}: {}", file.string(), error.detail);
    if (error.hint.empty()) error.hint = "restore that file from a copy, or move it away to begin anew";
    return tl::unexpected(std::move(error));
  }
}

}  // namespace muster::store
