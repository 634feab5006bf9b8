#include "server/runner_binary.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/id.h"

namespace muster::server {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPiece = 1u << 20;
constexpr mode_t kMode = 0750;

/// The next bytes; "" at the end.
Result<std::string> next_piece(int file, const fs::path& name) {
  std::string piece(kPiece, '\0');
  std::size_t done = 0;
  while (done < piece.size()) {
    const ssize_t n = ::read(file, piece.data() + done, piece.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(system_error("read " + name.string(), errno));
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  piece.resize(done);
  return piece;
}

/// A copy that is missing, cannot be read, or may not be run and cannot be made so is no copy.
Result<bool> is_copy(const fs::path& kept, const fs::path& program) {
  const auto copy = open_file(kept, O_RDONLY | O_NOFOLLOW);
  struct stat info {};
  if (!copy || ::fstat(copy->get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if ((info.st_mode & 07777) != kMode && (::fchmod(copy->get(), kMode) != 0 || ::fsync(copy->get()) != 0)) return false;
  MUSTER_TRY_ASSIGN(const Fd original, open_file(program, O_RDONLY));
  while (true) {
    MUSTER_TRY_ASSIGN(const std::string wanted, next_piece(original.get(), program));
    const auto found = next_piece(copy->get(), kept);
    if (!found || *found != wanted) return false;
    if (wanted.empty()) return true;
  }
}

Result<void> copy_durably(const fs::path& program, const fs::path& kept) {
  MUSTER_TRY_ASSIGN(const Fd original, open_file(program, O_RDONLY));
  MUSTER_TRY_ASSIGN(AtomicFile copy, AtomicFile::create(kept, kMode));
  while (true) {
    MUSTER_TRY_ASSIGN(const std::string piece, next_piece(original.get(), program));
    if (piece.empty()) break;
    MUSTER_TRY(copy.write(piece));
  }
  MUSTER_TRY(copy.commit());
  // The folder is new too, and so may be the one it is in.
  MUSTER_TRY(sync_folder(kept.parent_path().parent_path()));
  return sync_folder(kept.parent_path().parent_path().parent_path());
}

}  // namespace

Result<fs::path> keep_runner_binary(const fs::path& folder, const fs::path& program, bool others_unused) {
  struct stat info {};
  if (::stat(program.c_str(), &info) != 0) return tl::unexpected(system_error("look at " + program.string(), errno));
  const std::string build = fmt::format("{:x}-{:x}-{:x}", info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  const fs::path kept = folder / build / "muster";
  MUSTER_TRY_ASSIGN(const bool there, is_copy(kept, program));
  if (!there) {
    MUSTER_TRY(make_folders(kept.parent_path()));
    remove_abandoned(kept.parent_path(), std::chrono::seconds(0));  // only a server writes here, and it has the home to itself
    MUSTER_TRY(copy_durably(program, kept));
  }
  if (others_unused) {
    MUSTER_TRY_ASSIGN(const std::vector<std::string> builds, list_folder(folder));
    for (const std::string& other : builds) {
      if (other != build) MUSTER_TRY(remove_tree(folder / other));
    }
  }
  return kept;
}

}  // namespace muster::server
