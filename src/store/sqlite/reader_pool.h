#pragma once
// A few read-only connections, lent to one reader at a time.

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace muster::store {

class ReaderPool {
 public:
  /// Throws StoreFailure.
  ReaderPool(const std::filesystem::path& file, int connections);

  /// Runs `work` in a read transaction: everything it sees is of one moment. Any thread; unavailable when no connection came free within 30
  /// s; a statement that runs longer than 30 s fails, since it keeps the log from being emptied.
  Result<void> read(const std::function<Result<void>(Session&)>& work);

 private:
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);

  std::mutex mutex_;
  std::condition_variable came_back_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace muster::store
