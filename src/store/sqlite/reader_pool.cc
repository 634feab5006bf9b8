#include "store/sqlite/reader_pool.h"

#include "base/log.h"

namespace muster::store {
namespace {

constexpr auto kWait = std::chrono::seconds(30);
constexpr auto kLongestRead = std::chrono::seconds(30);

}  // namespace

ReaderPool::ReaderPool(const std::filesystem::path& file, int connections) {
  for (int i = 0; i < connections; ++i) idle_.push_back(std::make_unique<Connection>(file, Access::read_only));
}

std::unique_ptr<Connection> ReaderPool::take() {
  std::unique_lock lock(mutex_);
  if (!came_back_.wait_for(lock, kWait, [this] { return !idle_.empty(); })) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
  }
  came_back_.notify_one();
}

Result<void> ReaderPool::read(const std::function<Result<void>(Session&)>& work) {
  std::unique_ptr<Connection> connection = take();
  if (!connection) return fail_hint(Code::unavailable, "try again shortly", "the database is busy: no reader came free within 30 s");

  // Ends the transaction and gives the connection back, whichever way work ends.
  struct Loan {
    ReaderPool& pool;
    std::unique_ptr<Connection> connection;
    ~Loan() {
      connection->set_deadline(std::chrono::steady_clock::time_point::max());
      try {
        if (connection->in_transaction()) connection->run("ROLLBACK", {});
      } catch (const StoreFailure& failure) {
        log::error("store", "ending a read: {}", failure.error().detail);
      }
      pool.give_back(std::move(connection));
    }
  } loan{*this, std::move(connection)};

  try {
    loan.connection->set_deadline(std::chrono::steady_clock::now() + kLongestRead);
    loan.connection->run("BEGIN", {});
    return work(*loan.connection);
  } catch (const StoreFailure& failure) {
    return tl::unexpected(failure.error());
  }
}

}  // namespace muster::store
