#include "store/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"

namespace muster::store {
namespace {

std::string holder_of(const std::filesystem::path& path) {
  const auto text = read_file(path, 64);
  std::int64_t pid = 0;
  return text && parse_int64(*text, pid) ? fmt::format("process {}", pid) : "another process";
}

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT, 0600));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return tl::unexpected(system_error("lock " + path.string(), errno));
    return fail_hint(Code::conflict, "use the server that is running, or end it first with `muster down`", "{} is in use by {}",
                     path.string(), holder_of(path));
  }
  // Only for that message; the lock itself is the kernel's.
  if (::ftruncate(file.get(), 0) == 0) (void)write_all(file.get(), std::to_string(::getpid()));
  return FileLock(std::move(file));
}

}  // namespace muster::store
