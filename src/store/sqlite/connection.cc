#include "store/sqlite/connection.h"

#include <sqlite3.h>

namespace muster::store {
namespace {

// Far more than this room has statements; a caller that builds text without end must not fill the memory.
constexpr std::size_t kIdleStatements = 512;
constexpr int kStepsBetweenDeadlineChecks = 10'000;

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const override { return std::string(bytes(column)); }
  std::string_view bytes(int column) const override {
    const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return data == nullptr ? std::string_view()
                           : std::string_view(data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }

 private:
  sqlite3_stmt* statement_;
};

Error describe(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_errcode(database);
  Error error{Code::internal, fmt::format("database: {} ({})", sqlite3_errmsg(database), doing.substr(0, 120)), "", {}};
  if (code == SQLITE_FULL) {
    error.code = Code::disk_full;
    error.detail = "the disk that holds the database is full";
    error.hint = "free some space on that disk";
  } else if (code == SQLITE_INTERRUPT) {
    error.code = Code::timeout;
    error.detail = "the database query took too long";
    error.hint = "ask for less, or filter more";
  } else if (code == SQLITE_BUSY) {
    error.code = Code::unavailable;
  }
  return error;
}

}  // namespace

void Connection::CloseDatabase::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void Connection::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

/// A statement taken from the idle ones for one use.
class Connection::Statement {
 public:
  Statement(Connection& connection, std::string_view sql, Values values) : connection_(connection), sql_(sql) {
    if (const auto at = connection.idle_.find(sql); at != connection.idle_.end()) {
      statement_ = std::move(at->second);
      connection.idle_.erase(at);
    } else {
      statement_ = connection.prepare(sql);
    }
    int index = 0;
    for (const Value& value : values) bind(++index, value);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() {
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    if (connection_.idle_.size() < kIdleStatements) connection_.idle_.emplace(sql_, std::move(statement_));
  }

  bool step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) connection_.fail_now(sql_);
    return code == SQLITE_ROW;
  }
  sqlite3_stmt* get() const { return statement_.get(); }

 private:
  void bind(int index, const Value& value) {
    sqlite3_stmt* const raw = statement_.get();
    // SQLITE_STATIC: values outlive the call. Empty text has to have an address, or it would be NULL.
    const auto address = [](std::string_view bytes) { return bytes.data() == nullptr ? "" : bytes.data(); };
    const int code = std::visit(
        [&](const auto& held) {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, std::nullptr_t>)
            return sqlite3_bind_null(raw, index);
          else if constexpr (std::is_same_v<T, std::int64_t>)
            return sqlite3_bind_int64(raw, index, held);
          else if constexpr (std::is_same_v<T, double>)
            return sqlite3_bind_double(raw, index, held);
          else if constexpr (std::is_same_v<T, Blob>)
            return sqlite3_bind_blob64(raw, index, address(held.bytes), held.bytes.size(), SQLITE_STATIC);
          else
            return sqlite3_bind_text64(raw, index, address(held), held.size(), SQLITE_STATIC, SQLITE_UTF8);
        },
        value);
    if (code != SQLITE_OK) connection_.fail_now(sql_);
  }

  Connection& connection_;
  std::string sql_;
  StatementPtr statement_;
};

Connection::Connection(const std::filesystem::path& file, Access access) {
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  database_.reset(raw);
  if (code != SQLITE_OK) {
    Error error = describe(raw, "open");
    error.detail = fmt::format("cannot open the database {}: {}", file.string(), raw == nullptr ? "out of memory" : sqlite3_errmsg(raw));
    throw StoreFailure(std::move(error));
  }
  // Only the writer thread may checkpoint (writer.h), so neither a commit nor a closing reader may do it.
  sqlite3_wal_autocheckpoint(raw, 0);
  if (access == Access::read_only) sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(raw, 5000);
  sqlite3_progress_handler(raw, kStepsBetweenDeadlineChecks, &Connection::past_deadline, this);
  execute("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;");
}

Connection::~Connection() = default;

int Connection::past_deadline(void* connection) {
  const auto deadline = static_cast<Connection*>(connection)->deadline_;
  return deadline != std::chrono::steady_clock::time_point::max() && std::chrono::steady_clock::now() > deadline ? 1 : 0;
}

void Connection::fail_now(std::string_view sql) const { throw StoreFailure(describe(database_.get(), sql)); }

Connection::StatementPtr Connection::prepare(std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) fail_now(sql);
  return StatementPtr(raw);
}

void Connection::query(std::string_view sql, Values values, const EachRow& each) {
  Statement statement(*this, sql, values);
  const SqliteRow row(statement.get());
  while (statement.step()) each(row);
}

std::int64_t Connection::run(std::string_view sql, Values values) {
  Statement statement(*this, sql, values);
  while (statement.step()) {
  }
  return sqlite3_changes64(database_.get());
}

std::int64_t Connection::last_key() { return sqlite3_last_insert_rowid(database_.get()); }

std::uint64_t Connection::shrink(std::uint64_t bytes) {
  const auto ask = [this](std::string_view pragma) {
    std::int64_t answer = 0;
    query(pragma, {}, [&](const Row& row) { answer = row.integer(0); });
    return answer;
  };
  const std::int64_t page = ask("PRAGMA page_size");
  const std::int64_t before = ask("PRAGMA page_count");
  // A constant number of pages a statement: statements are kept by their text.
  constexpr std::int64_t kPages = 256;
  std::int64_t given = 0;
  for (std::int64_t last = -1; given != last && given * page < static_cast<std::int64_t>(bytes);) {
    last = given;
    run("PRAGMA incremental_vacuum(256)", {});
    given = before - ask("PRAGMA page_count");
    if (given - last < kPages) break;
  }
  return static_cast<std::uint64_t>(given * page);
}

void Connection::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail_now(sql);
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

}  // namespace muster::store
