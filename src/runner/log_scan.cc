#include "runner/log_scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "base/folder_list.h"
#include "base/text.h"

namespace muster::runner {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepestLog = 16;
constexpr unsigned kWanted = STATX_TYPE | STATX_INO | STATX_BTIME;

FileId id_of(const struct statx& status) {
  FileId id{::makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino, 0};
  if ((status.stx_mask & STATX_BTIME) != 0) id.born = status.stx_btime.tv_sec * 1'000'000'000 + status.stx_btime.tv_nsec;
  return id;
}

class Scan {
 public:
  explicit Scan(const ScanEvents& events) : events_(events) {}

  void folder(const fs::path& disk, const std::string& path, int depth) {
    events_.on_folder(disk);
    const auto names = list_if_there(disk);
    if (!names) return events_.on_fault(path, names.error());
    for (const std::string& name : *names) {
      if (!is_safe_relative_path(name)) {
        events_.warn(fmt::format("{}/{} is not recorded: its name is not UTF-8", path, to_utf8(name)));
        continue;
      }
      entry(disk / name, path + "/" + name, depth);
    }
  }
  std::vector<SeenLog> found;

 private:
  void entry(const fs::path& disk, const std::string& path, int depth) {
    struct statx status {};
    if (::statx(AT_FDCWD, disk.c_str(), AT_SYMLINK_NOFOLLOW, kWanted, &status) != 0) {
      if (errno != ENOENT) events_.on_fault(path, system_error("look at it", errno));
      return;
    }
    if (S_ISDIR(status.stx_mode) && depth < kDeepestLog) folder(disk, path, depth + 1);
    if (!S_ISREG(status.stx_mode)) return;
    if (found.size() >= kMostLogs) {
      events_.warn(fmt::format("logs/ has more than {} files; those after {} are not recorded", kMostLogs, found.back().path));
      return;
    }
    found.push_back({path, disk, id_of(status)});
  }

  const ScanEvents& events_;
};

}  // namespace

std::optional<FileId> file_id(int file) {
  struct statx status {};
  if (::statx(file, "", AT_EMPTY_PATH, kWanted, &status) != 0 || !S_ISREG(status.stx_mode)) return std::nullopt;
  return id_of(status);
}

std::vector<SeenLog> scan_logs(const fs::path& folder, const ScanEvents& events) {
  Scan scan(events);
  std::error_code ignored;
  // A logs/ that a job has replaced by a link is not ours to follow.
  if (fs::symlink_status(folder, ignored).type() == fs::file_type::directory) scan.folder(folder, "logs", 0);
  return std::move(scan.found);
}

}  // namespace muster::runner
