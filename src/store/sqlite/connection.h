#pragma once
// One connection to an SQLite file, as a Session. Used by one thread at a time.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/session.h"

struct sqlite3;
struct sqlite3_stmt;

namespace muster::store {

enum class Access { read_only, read_write };

class Connection final : public Session {
 public:
  /// Throws StoreFailure.
  Connection(const std::filesystem::path& file, Access access);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  using Session::query;
  using Session::run;
  void query(std::string_view sql, Values values, const EachRow& each) override;
  std::int64_t run(std::string_view sql, Values values) override;
  std::int64_t last_key() override;
  std::uint64_t shrink(std::uint64_t bytes) override;

  /// Several statements without values.
  void execute(const char* sql);
  /// Whether a transaction is open; a full disk may have ended it.
  bool in_transaction() const;
  /// Statements fail (`timeout`) from then on.
  void set_deadline(std::chrono::steady_clock::time_point deadline) { deadline_ = deadline; }

  sqlite3* raw() const { return database_.get(); }

 private:
  class Statement;
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  StatementPtr prepare(std::string_view sql);
  [[noreturn]] void fail_now(std::string_view sql) const;
  static int past_deadline(void* connection);

  std::unique_ptr<sqlite3, CloseDatabase> database_;
  /// Statements that nobody is using, by their text; one in use is taken out, so that a query inside a query of the same text gets one of
  /// its own.
  std::unordered_map<std::string, StatementPtr, Hash, std::equal_to<>> idle_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace muster::store
