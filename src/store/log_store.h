#pragma once
// Logs of runs as files that grow, followed while they do. Under `root`/<run uuid>/<attempt>/<node rank>/:
//   data/<path>   the bytes
//   index/<path>  every so often: u64 offset, i64 time (little-endian), for merging ranks by time
//   meta/<path>   {"rank", "complete"}
// Bytes are in the kernel when append returns: they outlive any kill of ours, not a power cut. They are on the disk when sync returns: the
// node's own copy goes only after that. The size of the data file is the only truth about how much is there; index and meta may lag behind
// it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace muster::store {

/// Names one log of one node of one attempt.
struct LogId {
  std::string run_uuid;
  int attempt = 1;
  int node_rank = 0;
  std::string path;  ///< "azureml-logs/70_driver_log.txt", "logs/a/b.txt"; from users, so checked (is_safe_relative_path)
  auto operator<=>(const LogId&) const = default;
};

struct LogInfo {
  LogId id;
  std::uint64_t size = 0;
  std::optional<int> rank;  ///< whose output it is
  bool complete = false;    ///< nothing will be appended any more
};

/// The byte at `offset` and those after it were written at `time` or later.
struct LogMark {
  std::uint64_t offset = 0;
  TimeUs time = 0;
};

/// fsync(2), or what a test has in its place.
using SyncCall = std::function<int(int fd)>;

/// All methods may be called from any thread and block on the disk only. invalid for an unsafe path or uuid.
class LogStore {
 public:
  explicit LogStore(std::filesystem::path root);
  LogStore(std::filesystem::path root, SyncCall sync);
  ~LogStore();

  /// Adds `bytes`, which start at `offset` of the log; those already there are skipped, so that a repeated call is harmless. Returns the
  /// log's new size. conflict when `offset` is past the end or the log is complete and would grow: ask size() what is there. disk_full
  /// keeps what fitted.
  Result<std::uint64_t> append(const LogId& id, std::uint64_t offset, std::string_view bytes, TimeUs time, std::optional<int> rank);
  /// Bytes that are there; 0 for a log that does not exist.
  Result<std::uint64_t> size(const LogId& id) const;
  /// At most `limit` bytes from `offset` on; "" at or past the end. not_found when there is no such log.
  Result<std::string> read(const LogId& id, std::uint64_t offset, std::size_t limit) const;
  /// The file, for reading. not_found when there is none.
  Result<Fd> open(const LogId& id) const;
  /// not_found when there is none.
  Result<LogInfo> info(const LogId& id) const;
  /// The marks from the last one at or before `offset` on, in order.
  Result<std::vector<LogMark>> marks(const LogId& id, std::uint64_t offset = 0) const;

  /// The time of the last mark at or before `offset`; 0 when there is none. Reads a few marks, however many there are.
  Result<TimeUs> time_at(const LogId& id, std::uint64_t offset) const;

  /// Logs of one attempt, or of all; by attempt, node rank, path.
  Result<std::vector<LogInfo>> list(const std::string& run_uuid, std::optional<int> attempt = std::nullopt) const;

  /// No more will come: of one log (made, empty, if it does not exist), of all logs of a node or an attempt.
  Result<void> complete(const LogId& id);
  Result<void> complete_all(const std::string& run_uuid, int attempt, std::optional<int> node_rank = std::nullopt);

  /// Has the disk keep all logs of a node, their names and folders included. What did not change since the last time costs nothing. After
  /// an error the logs that it was about are empty: ask size() and send them again.
  Result<void> sync(const std::string& run_uuid, int attempt, int node_rank);

  /// Removes all logs of the run; fine when there are none.
  Result<void> remove(const std::string& run_uuid);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::store
