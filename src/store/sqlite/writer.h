#pragma once
// The one thread that writes. Writes that arrive while it commits go into its next transaction together (group commit), so that many
// writers share one sync.
//
// It makes every checkpoint too, between groups: SQLite up to 3.51.2 can lose a commit when two connections write or checkpoint at the same
// instant.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "store/sqlite/connection.h"

namespace muster::store {

class Writer {
 public:
  using Work = std::function<Result<void>(Session&)>;
  using Then = std::function<void(const Result<void>&)>;

  /// Takes over a read-write connection.
  explicit Writer(std::unique_ptr<Connection> connection);
  /// Finishes what was queued.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Returns when the work is durable or has failed. Any thread but the writer's own.
  Result<void> write(const Work& work);
  /// Does not wait. `then` is called on the writer's thread, in the order in which the works were handed over. Any thread.
  void write_later(Work work, Then then);

 private:
  struct Request {
    Work work;
    Then then;
  };

  void serve();
  std::deque<Request> next_group(bool& last);
  void commit_group(std::deque<Request>& group);
  Result<void> run_in_savepoint(const Work& work);
  void checkpoint(bool idle);
  static int note_wal_size(void* writer, sqlite3*, const char*, int pages);

  std::unique_ptr<Connection> connection_;
  int wal_pages_ = 0;  ///< after the last commit

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Request> queue_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace muster::store
