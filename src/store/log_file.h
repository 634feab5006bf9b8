#pragma once
// One log that is being written: its files held open. For log_store.cc.

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "store/log_store.h"

namespace muster::store {

/// Where the files of a log are. Only for ids that log_id_fault has passed.
struct LogPaths {
  LogPaths(const std::filesystem::path& root, const LogId& id);
  std::filesystem::path data;
  std::filesystem::path index;
  std::filesystem::path meta;
};

/// Whether the id names a file inside the root: the fault in words, or nothing.
std::optional<std::string> log_id_fault(const LogId& id);

struct LogMeta {
  std::optional<int> rank;
  bool complete = false;
};
/// What the meta file says; nothing known when it is missing or torn.
Result<LogMeta> read_meta(const std::filesystem::path& file);

/// Thread-safe. At most one object a log at a time: it keeps the size in mind.
class LogFile {
 public:
  /// Opens the log's files or makes them, `rank` written down when they are new. `sync` is used for all syncs.
  static Result<std::shared_ptr<LogFile>> open(const LogPaths& paths, std::optional<int> rank, SyncCall sync);

  Result<std::uint64_t> append(std::uint64_t offset, std::string_view bytes, TimeUs time);
  Result<void> complete();
  /// Has the disk keep what was written so far; the folders whose names are part of it are added to `folders`, for the caller to sync.
  /// After a failure nobody knows what the disk has (the kernel drops what it could not write): the log is empty then, to be sent again.
  Result<void> sync(std::set<std::filesystem::path>& folders);

 private:
  LogFile() = default;
  Result<void> mark(std::uint64_t offset, TimeUs time);
  Result<void> sync_files();
  void distrust();

  std::mutex mutex_;
  SyncCall sync_;
  std::filesystem::path name_;
  std::filesystem::path index_file_;
  std::filesystem::path meta_file_;
  Fd data_;
  Fd index_;
  LogMeta meta_;
  std::uint64_t size_ = 0;
  std::uint64_t index_size_ = 0;
  TimeUs last_mark_ = 0;
  bool dirty_ = true;        ///< something was written since the last sync, here or by a process before this one
  bool names_dirty_ = true;  ///< the same of the files' own names
};

}  // namespace muster::store
