#pragma once
// Files as the product uses them: read whole with a limit, written whole and durably, folders made and synced.
// All functions block on the disk and may be called from any thread.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"

namespace muster {

/// The whole file; not_found when there is none, too_large past `limit` bytes.
Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t limit = 64ULL << 20);
/// At most the last `limit` bytes of the file; "" when it cannot be read.
std::string read_tail(const std::filesystem::path& path, std::uint64_t limit);

/// Opens with O_CLOEXEC; `mode` is used when O_CREAT is among `flags`. not_found on ENOENT.
Result<Fd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// Writes all of `bytes` at the descriptor's position, however often the kernel stops short.
Result<void> write_all(int fd, std::string_view bytes);

/// Makes the folder and its parents (mode 0755 unless they exist).
Result<void> make_folders(const std::filesystem::path& path);

/// Syncs a folder, so that the names in it survive a power cut.
Result<void> sync_folder(const std::filesystem::path& path);

/// Opens the file, which is made (0600) when it is not there, and locks it for as long as the descriptor lives. timeout when another
/// process holds the lock for longer than `patience`.
Result<Fd> lock_file(const std::filesystem::path& path, std::chrono::milliseconds patience);

/// Removes the tree; fine when there is none, and when others remove it at the same time. Never follows links.
Result<void> remove_tree(const std::filesystem::path& path);

/// Bytes free for an ordinary user on the disk that holds `path`.
Result<std::uint64_t> free_bytes(const std::filesystem::path& path);

enum class Durable { yes, no };

/// A file that appears whole or not at all: written under a temporary name in the same folder, synced (if durable), renamed, folder synced.
/// The destructor discards what was not committed. Not thread-safe.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& target, unsigned mode = 0644);
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Result<void> write(std::string_view bytes);
  /// Replaces the target.
  Result<void> commit(Durable durable = Durable::yes);

 private:
  AtomicFile(Fd fd, std::filesystem::path temporary, std::filesystem::path target);
  Fd fd_;
  std::filesystem::path temporary_;
  std::filesystem::path target_;
};

/// Removes what an AtomicFile whose process was killed left in this folder, and that is at least so old: younger ones may be somebody's
/// who is writing. What cannot be looked at or removed stays.
void remove_abandoned(const std::filesystem::path& folder, std::chrono::seconds age);

/// AtomicFile in one call.
Result<void> write_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644, Durable durable = Durable::yes);

}  // namespace muster
