#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/folder_list.h"
#include "base/id.h"
#include "base/text.h"

namespace muster {
namespace fs = std::filesystem;
namespace {

/// Of an AtomicFile before it has its own name.
constexpr std::string_view kTemporaryPrefix = ".muster-";
constexpr std::string_view kTemporarySuffix = ".tmp";

}  // namespace

Result<Fd> open_file(const fs::path& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd >= 0) return Fd(fd);
  if (errno == ENOENT) return fail(Code::not_found, "open {}: no such file or folder", path.string());
  return tl::unexpected(system_error("open " + path.string(), errno));
}

Result<std::string> read_file(const fs::path& path, std::uint64_t limit) {
  MUSTER_TRY_ASSIGN(const Fd file, open_file(path, O_RDONLY));
  std::string bytes;
  std::size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(std::max<std::size_t>(1 << 14, used * 2));
    const ssize_t n = ::read(file.get(), bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(system_error("read " + path.string(), errno));
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
    if (used > limit) return fail(Code::too_large, "{} is larger than {}", path.string(), human_size(limit));
  }
  bytes.resize(used);
  return bytes;
}

std::string read_tail(const fs::path& path, std::uint64_t limit) {
  const auto file = open_file(path, O_RDONLY);
  if (!file) return "";
  const off_t size = ::lseek(file->get(), 0, SEEK_END);
  std::string bytes(size > 0 ? std::min(static_cast<std::uint64_t>(size), limit) : 0, '\0');
  const ssize_t got = ::pread(file->get(), bytes.data(), bytes.size(), size - static_cast<off_t>(bytes.size()));
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(system_error("write", errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> make_folders(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return tl::unexpected(system_error("make folder " + path.string(), error.value()));
  return {};
}

Result<void> sync_folder(const fs::path& path) {
  MUSTER_TRY_ASSIGN(const Fd folder, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) != 0) return tl::unexpected(system_error("sync folder " + path.string(), errno));
  return {};
}

Result<Fd> lock_file(const fs::path& path, std::chrono::milliseconds patience) {
  constexpr std::chrono::milliseconds kAskEvery{20};  // no lock of flock(2) can be waited for with a deadline
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_RDWR | O_CREAT, 0600));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(system_error("lock " + path.string(), errno));
    if (std::chrono::steady_clock::now() > deadline)
      return fail_hint(Code::timeout, "`fuser` with that path names it", "another process still holds {}", path.string());
    std::this_thread::sleep_for(kAskEvery);
  }
  return file;
}

Result<void> remove_tree(const fs::path& path) {
  constexpr int kMostTries = 10'000;
  for (int tries = 1;; ++tries) {
    std::error_code error;
    fs::remove_all(path, error);
    if (!error) return {};
    // Somebody else removed what was listed before, or put something into a folder that was empty: what is there now is listed anew.
    const bool has_changed = error == std::errc::no_such_file_or_directory || error == std::errc::directory_not_empty;
    if (!has_changed || tries == kMostTries) return tl::unexpected(system_error("remove " + path.string(), error.value()));
  }
}

Result<std::uint64_t> free_bytes(const fs::path& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0) return tl::unexpected(system_error("statvfs " + path.string(), errno));
  return static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
}

void remove_abandoned(const fs::path& folder, std::chrono::seconds age) {
  for (const std::string& name : list_folder(folder).value_or(std::vector<std::string>{})) {
    if (!name.starts_with(kTemporaryPrefix) || !name.ends_with(kTemporarySuffix)) continue;
    std::error_code error;
    const auto written = fs::last_write_time(folder / name, error);
    if (!error && fs::file_time_type::clock::now() - written >= age) fs::remove(folder / name, error);
  }
}

AtomicFile::AtomicFile(Fd fd, fs::path temporary, fs::path target)
    : fd_(std::move(fd)), temporary_(std::move(temporary)), target_(std::move(target)) {}

Result<AtomicFile> AtomicFile::create(const fs::path& target, unsigned mode) {
  // A short name of its own: the target's may be as long as names can be.
  fs::path temporary = target.parent_path() / (std::string(kTemporaryPrefix) + random_hex(6) + std::string(kTemporarySuffix));
  MUSTER_TRY_ASSIGN(Fd fd, open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, mode));
  return AtomicFile(std::move(fd), std::move(temporary), target);
}

AtomicFile::~AtomicFile() {
  if (fd_) ::unlink(temporary_.c_str());
}

Result<void> AtomicFile::write(std::string_view bytes) {
  auto written = write_all(fd_.get(), bytes);
  if (!written) written.error().detail = "write " + target_.string() + written.error().detail.substr(5);
  return written;
}

Result<void> AtomicFile::commit(Durable durable) {
  // A failed sync is not retried: the kernel may have dropped the pages. The caller writes the file anew.
  if (durable == Durable::yes && ::fsync(fd_.get()) != 0) return tl::unexpected(system_error("sync " + target_.string(), errno));
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return tl::unexpected(system_error("rename to " + target_.string(), errno));
  fd_.reset();
  return durable == Durable::yes ? sync_folder(target_.parent_path().empty() ? "." : target_.parent_path()) : Result<void>{};
}

Result<void> write_file(const fs::path& path, std::string_view bytes, unsigned mode, Durable durable) {
  MUSTER_TRY_ASSIGN(AtomicFile file, AtomicFile::create(path, mode));
  MUSTER_TRY(file.write(bytes));
  return file.commit(durable);
}

}  // namespace muster
