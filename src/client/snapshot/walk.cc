#include "client/snapshot/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/file.h"
#include "base/plural.h"
#include "base/text.h"
#include "client/snapshot/largest.h"
#include "model/snapshot.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPathLimit = 4096;
/// Beyond the limit we go on counting, to say what is large; but not through a whole disk.
constexpr std::size_t kCountLimit = 1'000'000;
constexpr std::size_t kNamedFaults = 50;
constexpr std::uint64_t kRulesLimit = 1u << 20;

std::int64_t nanoseconds(const timespec& time) { return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec; }

class Walker {
 public:
  Walker(const fs::path& folder, const IgnoreRules& rules) : folder_(folder), rules_(rules) {}

  Result<std::vector<FoundFile>> run() {
    MUSTER_TRY_ASSIGN(root_, open_file(folder_, O_RDONLY | O_DIRECTORY));
    std::error_code error;
    real_root_ = fs::canonical(folder_, error).string();
    if (error) return tl::unexpected(system_error("find " + folder_.string(), error.value()));
    // No recursion and one open folder at a time: depth is bounded by the length of paths alone.
    pending_.emplace_back("");
    while (!pending_.empty() && files_.size() < kCountLimit) {
      const std::string next = std::move(pending_.back());
      pending_.pop_back();
      read_folder(next);
    }
    if (!faults_.empty()) return refusal();
    std::sort(files_.begin(), files_.end(), [](const FoundFile& a, const FoundFile& b) { return a.path < b.path; });
    return std::move(files_);
  }

 private:
  void fault(std::string_view path, std::string detail, std::string hint = "remove it, or name it in .amlignore") {
    faults_.push_back({to_utf8(path), std::move(detail), std::move(hint)});
  }

  void read_folder(const std::string& path) {
    const int fd = ::openat(root_.get(), path.empty() ? "." : path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(fd < 0 ? nullptr : ::fdopendir(fd), &::closedir);
    if (entries == nullptr) {
      fault(path.empty() ? "." : path, "is a folder that cannot be read: " + system_error("", errno).detail.substr(2),
            "make it readable, or name it in .amlignore");
      if (fd >= 0) ::close(fd);
      return;
    }
    while (const dirent* entry = ::readdir(entries.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      read_entry(dirfd(entries.get()), path.empty() ? std::string(name) : path + "/" + std::string(name), entry->d_name);
    }
  }

  void read_entry(int folder, std::string path, const char* name) {
    struct stat status {};
    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return;  // it went away meanwhile
    const bool is_folder = S_ISDIR(status.st_mode);
    if (rules_.ignores(path, is_folder ? EntryKind::folder : EntryKind::file)) return;
    if (!is_utf8(name)) return fault(path, "has a name that is not UTF-8", "rename it, or leave it out by a pattern in .amlignore");
    if (path.size() > kPathLimit) return fault(path, "has a path longer than 4096 bytes", "shorten it, or name it in .amlignore");
    if (is_folder) {
      pending_.push_back(std::move(path));
      return;
    }
    if (S_ISLNK(status.st_mode) && !follow_link(path, status)) return;
    if (model::clashes_with_run_folder(path)) {
      return fault(path, "is in the place of a folder that every run has", "rename it, or name it in .amlignore");
    }
    if (S_ISSOCK(status.st_mode)) return fault(path, "is a socket, which a snapshot cannot hold");
    if (S_ISFIFO(status.st_mode)) return fault(path, "is a pipe, which a snapshot cannot hold");
    if (!S_ISREG(status.st_mode)) return fault(path, "is a device, which a snapshot cannot hold");
    // What everybody may read needs no second question: should it be forbidden otherwise, reading it says so.
    constexpr mode_t kForAll = S_IRUSR | S_IRGRP | S_IROTH;
    if ((status.st_mode & kForAll) != kForAll && ::faccessat(folder, name, R_OK, 0) != 0)
      return fault(path, "cannot be read: permission denied", "make it readable, or name it in .amlignore");
    files_.push_back({std::move(path), stamp_of(status), (status.st_mode & S_IXUSR) != 0 ? 0755 : 0644});
  }

  /// Whether the link leads to something inside; `status` becomes that thing's.
  bool follow_link(const std::string& path, struct stat& status) {
    const std::unique_ptr<char, void (*)(void*)> target(::realpath((folder_ / path).c_str(), nullptr), &::free);
    if (target == nullptr || ::stat(target.get(), &status) != 0) {
      fault(path, "is a broken link", "repair or remove it, or name it in .amlignore");
      return false;
    }
    const std::string_view where = target.get();
    const bool inside =
        where == real_root_ || (where.substr(0, real_root_.size()) == real_root_ && (real_root_ == "/" || where[real_root_.size()] == '/'));
    if (!inside) {
      fault(path, fmt::format("is a link to {}, outside the folder", to_utf8(where)),
            "replace it with a copy of its target, or name it in .amlignore");
      return false;
    }
    if (S_ISDIR(status.st_mode)) {
      fault(path, fmt::format("is a link to the folder {}", to_utf8(where)), "replace it with that folder, or name it in .amlignore");
      return false;
    }
    return true;
  }

  tl::unexpected<Error> refusal() {
    std::sort(faults_.begin(), faults_.end(), [](const FieldError& a, const FieldError& b) { return a.field < b.field; });
    Error error{Code::invalid, "", "list what is not to be sent in a file .amlignore in that folder", {}};
    error.detail =
        fmt::format("the source folder {} has {} that cannot be sent", folder_.string(), counted(faults_.size(), "entry", "entries"));
    if (faults_.size() == 1) {
      error.detail = fmt::format("{} {}", (folder_ / faults_.front().field).string(), faults_.front().detail);
      error.hint = faults_.front().hint;
    }
    if (faults_.size() > kNamedFaults) {
      const std::size_t more = faults_.size() - kNamedFaults;
      faults_.resize(kNamedFaults);
      faults_.push_back({"", fmt::format("and {} more", more), ""});
    }
    error.errors = std::move(faults_);
    return tl::unexpected(std::move(error));
  }

  const fs::path& folder_;
  const IgnoreRules& rules_;
  Fd root_;
  std::string real_root_;
  std::vector<std::string> pending_;
  std::vector<FoundFile> files_;
  std::vector<FieldError> faults_;
};

Error too_large(const fs::path& folder, const std::vector<FoundFile>& files, Measure measure, const std::string& what,
                const std::string& limit) {
  Error error{
      Code::too_large, "", "list what the run does not need in a file .amlignore in that folder, or set MUSTER_SNAPSHOT_LIMIT_MB", {}};
  std::vector<std::string> words;
  for (const LargeEntry& entry : largest_entries(files, measure, 5)) {
    std::string amount = measure == Measure::bytes ? human_size(entry.amount) : counted(entry.amount, "file");
    words.push_back(fmt::format("{} ({})", entry.path, amount));
    error.errors.push_back({entry.path, "has " + std::move(amount), ""});
  }
  if (measure == Measure::files) error.hint = "list what the run does not need in a file .amlignore in that folder";
  error.detail = fmt::format("the source folder {} has {}, more than the limit of {}; the largest are {}", folder.string(), what, limit,
                             join(words, ", "));
  return error;
}

}  // namespace

FileStamp stamp_of(const struct stat& status) {
  return {static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim), nanoseconds(status.st_ctim), status.st_ino,
          status.st_dev};
}

Result<SnapshotLimits> snapshot_limits(const char* limit_mb) {
  SnapshotLimits limits;
  if (limit_mb == nullptr || *limit_mb == '\0') return limits;
  std::int64_t mebibytes = 0;
  if (!parse_int64(limit_mb, mebibytes) || mebibytes < 1 || mebibytes > 1 << 20) {
    return fail_hint(Code::invalid, "give a whole number from 1 to 1048576, or unset it", "MUSTER_SNAPSHOT_LIMIT_MB is \"{}\"",
                     to_utf8(limit_mb));
  }
  limits.bytes = static_cast<std::uint64_t>(mebibytes) << 20;
  return limits;
}

Result<IgnoreRules> rules_of(const fs::path& folder) {
  IgnoreRules rules;
  rules.add(own_ignore_rules());
  for (const char* name : {".amlignore", ".gitignore"}) {
    std::error_code ignored;
    if (!fs::is_regular_file(folder / name, ignored)) continue;
    const auto text = read_file(folder / name, kRulesLimit);
    if (!text) return fail_hint(Code::invalid, "make it readable, or remove it", "{}", text.error().detail);
    rules.add(*text);
    break;
  }
  return rules;
}

Result<std::vector<FoundFile>> walk(const fs::path& folder, const IgnoreRules& rules, const SnapshotLimits& limits) {
  MUSTER_TRY_ASSIGN(auto files, Walker(folder, rules).run());
  std::uint64_t bytes = 0;
  for (const FoundFile& file : files) bytes += file.stamp.size;
  if (files.size() > limits.files) {
    const std::string what = (files.size() >= kCountLimit ? "over " : "") + counted(files.size(), "file");
    return tl::unexpected(too_large(folder, files, Measure::files, what, fmt::format("{}", limits.files)));
  }
  if (bytes > limits.bytes) return tl::unexpected(too_large(folder, files, Measure::bytes, human_size(bytes), human_size(limits.bytes)));
  return files;
}

}  // namespace muster::client
