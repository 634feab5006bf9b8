#include "runner/output_walk.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/folder_list.h"
#include "base/text.h"

namespace muster::runner {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepestOutput = 64;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, ignored] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end();
}

class Walk {
 public:
  Walk(const fs::path& run_folder, const fs::path& folder, const OnLeftOut& warn) : warn_(warn) {
    std::error_code error;
    root_ = fs::canonical(run_folder, error);
    own_ = root_ / folder;
  }

  void folder(const fs::path& disk, const std::string& path, int depth) {
    const auto names = list_folder(disk);
    if (!names) return leave_out(path + "/", names.error().detail, LeftOut::unreadable);
    for (const std::string& name : *names) {
      const std::string below = path + "/" + name;
      if (!is_safe_relative_path(below))
        leave_out(to_utf8(below), "its name is not UTF-8, or too long");
      else
        entry(disk / name, below, depth);
    }
  }
  std::vector<FoundOutput> found;

 private:
  void entry(const fs::path& disk, const std::string& path, int depth) {
    struct stat status {};
    if (::lstat(disk.c_str(), &status) != 0) return leave_out(path, std::strerror(errno), LeftOut::unreadable);
    if (S_ISDIR(status.st_mode)) {
      if (depth >= kDeepestOutput) return leave_out(path, fmt::format("it is nested more than {} folders deep", kDeepestOutput));
      return folder(disk, path, depth + 1);
    }
    if (S_ISLNK(status.st_mode)) return link(disk, path);
    if (!S_ISREG(status.st_mode)) return leave_out(path, "it is a socket, a pipe or a device");
    file(disk, path, status);
  }

  void link(const fs::path& disk, const std::string& path) {
    std::error_code error;
    const fs::path target = fs::canonical(disk, error);
    if (error) return leave_out(path, "it is a link to something that is not there");
    if (!is_below(target, own_) && (!is_below(target, root_) || is_below(target, root_ / ".muster")))
      return leave_out(path, "it is a link that leads out of the run's folder");
    struct stat status {};
    if (::stat(target.c_str(), &status) != 0) return leave_out(path, std::strerror(errno));
    if (S_ISDIR(status.st_mode)) return leave_out(path, "it is a link to a folder");
    if (!S_ISREG(status.st_mode)) return leave_out(path, "it is a link to a socket, a pipe or a device");
    file(target, path, status);
  }

  void file(const fs::path& disk, const std::string& path, const struct stat& status) {
    if (::access(disk.c_str(), R_OK) != 0) return leave_out(path, std::strerror(errno), LeftOut::unreadable);
    found.push_back({path, disk, static_cast<std::uint64_t>(status.st_size)});
  }

  void leave_out(const std::string& path, std::string_view why, LeftOut kind = LeftOut::by_rule) {
    warn_(fmt::format("{} is not kept: {}", path, why), kind);
  }

  fs::path root_;
  fs::path own_;
  const OnLeftOut& warn_;
};

}  // namespace

std::vector<FoundOutput> find_outputs(const fs::path& run_folder, const fs::path& folder, const std::string& shown, const OnLeftOut& warn) {
  Walk walk(run_folder, folder, warn);
  const fs::path outputs = run_folder / folder;
  std::error_code ignored;
  const fs::file_type type = fs::symlink_status(outputs, ignored).type();
  if (type == fs::file_type::directory)
    walk.folder(outputs, shown, 0);
  else if (type != fs::file_type::not_found)
    warn(fmt::format("{} is not kept: the job put something else in the place of the folder", shown), LeftOut::by_rule);
  return std::move(walk.found);
}

}  // namespace muster::runner
