#include "store/sqlite/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "base/text.h"

namespace muster::store {
namespace {

constexpr std::chrono::milliseconds kAskEvery{10};
constexpr std::chrono::milliseconds kPatience{300};  // holder() has it for a moment when it asks

std::int64_t pid_in(const std::filesystem::path& path) {
  const auto text = read_file(path, 64);
  std::int64_t pid = 0;
  return text && parse_int64(std::string_view(*text).substr(0, text->find_first_of(" \n")), pid) && pid > 0 ? pid : 0;
}

/// Whether the lock was got; false when another has it.
Result<bool> try_lock(const Fd& file, int how, const std::filesystem::path& path) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return tl::unexpected(system_error("lock " + path.string(), errno));
  }
  return true;
}

}  // namespace

Result<FileLock> FileLock::take(const std::filesystem::path& path) {
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT, 0600));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    MUSTER_TRY_ASSIGN(const bool ours, try_lock(file, LOCK_EX, path));
    if (ours) break;
    if (std::chrono::steady_clock::now() > deadline) {
      const std::int64_t pid = pid_in(path);
      return fail_hint(Code::conflict, "use the server that is running, or end it first with `muster down`", "{} is in use by {}",
                       path.string(), pid > 0 ? fmt::format("process {}", pid) : "another process");
    }
    std::this_thread::sleep_for(kAskEvery);
  }
  // Says who has it; that somebody has it is the kernel's word. Written over what was there, which a full disk allows.
  const std::string pid = fmt::format("{:<19}\n", ::getpid());
  const bool written = ::pwrite(file.get(), pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
  (void)::ftruncate(file.get(), written ? static_cast<off_t>(pid.size()) : 0);
  return FileLock(std::move(file));
}

Result<std::optional<pid_t>> FileLock::holder(const std::filesystem::path& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file && file.error().code == Code::not_found) return std::nullopt;
  if (!file) return tl::unexpected(std::move(file).error());
  MUSTER_TRY_ASSIGN(const bool free, try_lock(*file, LOCK_SH, path));
  if (free) return std::nullopt;
  return static_cast<pid_t>(pid_in(path));
}

}  // namespace muster::store
