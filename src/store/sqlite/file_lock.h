#pragma once
// Says that a database has one owner at a time.

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace muster::store {

/// Held until destroyed or until the process ends, however it ends.
class FileLock {
 public:
  /// Locks `path` (made when missing, never removed: removing a lock file lets two in). conflict, naming the holder's process, when another
  /// has it.
  static Result<FileLock> take(const std::filesystem::path& path);

  /// Who has it now: nothing when nobody has, 0 when the holder's number is not in the file (it could not be written).
  static Result<std::optional<pid_t>> holder(const std::filesystem::path& path);

 private:
  explicit FileLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace muster::store
