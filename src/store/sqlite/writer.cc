#include "store/sqlite/writer.h"

#include <sqlite3.h>

#include "base/log.h"

namespace muster::store {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kGroupRequests = 256;
// Work that takes longer than this is committed before more is taken on: a small write must not wait behind a row of large ones.
constexpr auto kGroupTime = std::chrono::milliseconds(10);
// Pages of 4 KiB. A checkpoint when nobody waits from 4 MiB on, at 16 MiB in any case; from 64 MiB on readers that keep the log from
// starting anew are waited for.
constexpr int kCheckpointIdle = 1'000;
constexpr int kCheckpointBusy = 4'000;
constexpr int kRestartLog = 16'000;
constexpr int kReaderPatienceMs = 100;

/// Of the exception being handled. Nothing that a piece of work throws may end the thread.
Error current_failure() {
  std::string words = "unknown exception";
  try {
    throw;
  } catch (const StoreFailure& failure) {
    return failure.error();
  } catch (const std::exception& exception) {
    words = exception.what();
  } catch (...) {
  }
  log::error("store", "a write failed unexpectedly: {}", words);
  return Error{Code::internal, "a write failed unexpectedly: " + words, "", {}};
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
  sqlite3_wal_hook(connection_->raw(), &Writer::note_wal_size, this);
  thread_ = std::thread([this] { serve(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

Result<void> Writer::write(const Work& work) {
  if (std::this_thread::get_id() == thread_.get_id()) return fail(Code::internal, "a write was asked for inside a write");
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  write_later([&work](Session& session) { return work(session); }, [answer](const Result<void>& done) { answer->set_value(done); });
  return answer->get_future().get();
}

void Writer::write_later(Work work, Then then) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(work), std::move(then)});
  }
  wake_.notify_one();
}

void Writer::serve() {
  for (bool last = false; !last;) {
    std::deque<Request> group = next_group(last);
    while (!group.empty()) commit_group(group);
    bool idle = false;
    {
      const std::lock_guard lock(mutex_);
      idle = queue_.empty();
    }
    checkpoint(idle);
  }
}

/// Waits for requests. `last`: we are to stop, and none are left after these.
std::deque<Writer::Request> Writer::next_group(bool& last) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  std::deque<Request> group;
  while (!queue_.empty() && group.size() < kGroupRequests) {
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  last = stop_ && queue_.empty();
  return group;
}

/// Runs requests from the front of the group in one transaction, as many as its time allows, and answers them.
void Writer::commit_group(std::deque<Request>& group) {
  std::vector<std::pair<Request, Result<void>>> done;
  Result<void> commit;
  try {
    connection_->execute("BEGIN IMMEDIATE");
    const auto until = steady_clock::now() + kGroupTime;
    while (!group.empty() && (done.empty() || steady_clock::now() < until)) {
      done.emplace_back(std::move(group.front()), Result<void>{});
      group.pop_front();
      done.back().second = run_in_savepoint(done.back().first.work);
      // A full disk or a broken one may have rolled everything back.
      if (!connection_->in_transaction()) throw StoreFailure(done.back().second ? Error{} : done.back().second.error());
    }
    connection_->execute("COMMIT");
  } catch (...) {
    commit = tl::unexpected(current_failure());
  }
  if (!commit) {
    // The error code says nothing about the transaction being over: a failed COMMIT leaves it open.
    if (connection_->in_transaction() && sqlite3_exec(connection_->raw(), "ROLLBACK", nullptr, nullptr, nullptr) != SQLITE_OK) {
      log::error("store", "cannot roll back: {}", sqlite3_errmsg(connection_->raw()));
    }
    if (done.empty()) {  // not even begun: answer one, so that the group always gets shorter
      done.emplace_back(std::move(group.front()), Result<void>{});
      group.pop_front();
    }
  }
  for (auto& [request, result] : done) {
    try {
      request.then(result && !commit ? commit : result);
    } catch (...) {
      (void)current_failure();
    }
  }
}

Result<void> Writer::run_in_savepoint(const Work& work) {
  Result<void> result;
  try {
    connection_->run("SAVEPOINT request", {});
    result = work(*connection_);
    if (result) {
      connection_->run("RELEASE request", {});
      return result;
    }
  } catch (...) {
    result = tl::unexpected(current_failure());
  }
  if (connection_->in_transaction()) {
    connection_->run("ROLLBACK TO request", {});
    connection_->run("RELEASE request", {});
  }
  return result;
}

int Writer::note_wal_size(void* writer, sqlite3*, const char*, int pages) {
  static_cast<Writer*>(writer)->wal_pages_ = pages;
  return SQLITE_OK;
}

void Writer::checkpoint(bool idle) {
  if (wal_pages_ < (idle ? kCheckpointIdle : kCheckpointBusy)) return;
  sqlite3* const database = connection_->raw();
  const bool restart = wal_pages_ >= kRestartLog;
  if (restart) sqlite3_busy_timeout(database, kReaderPatienceMs);
  int left = 0;
  int moved = 0;
  const int code =
      sqlite3_wal_checkpoint_v2(database, nullptr, restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, &left, &moved);
  if (restart) sqlite3_busy_timeout(database, 5000);
  // Not tried again before more was written. A failure loses nothing, the log just stays long.
  wal_pages_ = 0;
  if (code != SQLITE_OK && code != SQLITE_BUSY) log::warning("store", "checkpoint: {}", sqlite3_errmsg(database));
}

}  // namespace muster::store
