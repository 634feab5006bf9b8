#include "store/log_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <set>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/text.h"
#include "store/log_file.h"

namespace muster::store {
namespace fs = std::filesystem;
namespace {

// Two descriptors each. More logs than this may be written at once; they are then opened again now and then.
constexpr std::size_t kOpenLogs = 128;

Result<void> check(const LogId& id) {
  if (auto fault = log_id_fault(id)) return fail(Code::invalid, "{}", *fault);
  return {};
}

Error no_log(const LogId& id) {
  return Error{Code::not_found, fmt::format("no log {} of node {}, attempt {}", id.path, id.node_rank, id.attempt), "", {}};
}

/// Sub-folders whose names are whole numbers, in order; none of a folder that is not there.
Result<std::vector<std::pair<int, fs::path>>> numbered_folders(const fs::path& folder) {
  std::vector<std::pair<int, fs::path>> found;
  MUSTER_TRY_ASSIGN(const std::vector<std::string> names, list_if_there(folder));
  for (const std::string& name : names) {
    std::int64_t number = 0;
    if (parse_int64(name, number)) found.emplace_back(static_cast<int>(number), folder / name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

class LogStore::State {
 public:
  State(fs::path root, SyncCall sync) : root_(std::move(root)), sync_(std::move(sync)) {}

  const fs::path& root() const { return root_; }
  LogPaths paths(const LogId& id) const { return {root_, id}; }

  /// The log's open files. There is one object a log as long as anybody holds it, so that two threads never append at the same place.
  Result<std::shared_ptr<LogFile>> file(const LogId& id, std::optional<int> rank) {
    const std::lock_guard lock(mutex_);
    if (const auto at = open_.find(id); at != open_.end()) {
      at->second.used = ++clock_;
      return at->second.file;
    }
    if (open_.size() >= kOpenLogs) close_one();
    MUSTER_TRY_ASSIGN(std::shared_ptr<LogFile> opened, LogFile::open(paths(id), rank, sync_));
    open_[id] = {opened, ++clock_};
    return opened;
  }

  /// The folders and all those above them, up to the root.
  Result<void> sync_folders(const std::set<fs::path>& folders) {
    std::set<fs::path> all;
    for (fs::path folder : folders) {
      for (; folder != root_ && folder.has_relative_path() && all.insert(folder).second; folder = folder.parent_path()) {
      }
    }
    if (!all.empty()) all.insert(root_);
    // The deepest first: a folder that is there has what it should have.
    for (auto at = all.rbegin(); at != all.rend(); ++at) {
      MUSTER_TRY_ASSIGN(const Fd folder, open_file(*at, O_RDONLY | O_DIRECTORY));
      if (sync_(folder.get()) != 0) return tl::unexpected(system_error("sync the folder " + at->string(), errno));
    }
    return {};
  }

  /// Folders of a node whose sync failed are for the next one.
  void keep_unsynced(const fs::path& node, std::set<fs::path> folders) {
    const std::lock_guard lock(mutex_);
    unsynced_[node].merge(std::move(folders));
  }
  std::set<fs::path> take_unsynced(const fs::path& node) {
    const std::lock_guard lock(mutex_);
    auto taken = unsynced_.extract(node);
    return taken ? std::move(taken.mapped()) : std::set<fs::path>();
  }

  void forget(const LogId& id) {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(id);
    if (at != open_.end() && at->second.file.use_count() == 1) open_.erase(at);
  }

  void forget_run(const std::string& run_uuid) {
    const std::lock_guard lock(mutex_);
    std::erase_if(open_, [&](const auto& entry) { return entry.first.run_uuid == run_uuid; });
    std::erase_if(unsynced_, [&](const auto& entry) { return entry.first.string().starts_with((root_ / run_uuid).string()); });
  }

 private:
  struct Entry {
    std::shared_ptr<LogFile> file;
    std::uint64_t used = 0;
  };

  /// The one not used for the longest time, of those that nobody holds.
  void close_one() {
    auto oldest = open_.end();
    for (auto at = open_.begin(); at != open_.end(); ++at) {
      if (at->second.file.use_count() == 1 && (oldest == open_.end() || at->second.used < oldest->second.used)) oldest = at;
    }
    if (oldest != open_.end()) open_.erase(oldest);
  }

  const fs::path root_;
  const SyncCall sync_;
  std::mutex mutex_;
  std::map<LogId, Entry> open_;
  std::map<fs::path, std::set<fs::path>> unsynced_;
  std::uint64_t clock_ = 0;
};

LogStore::LogStore(fs::path root) : LogStore(std::move(root), ::fsync) {}
LogStore::LogStore(fs::path root, SyncCall sync) : state_(std::make_unique<State>(std::move(root), std::move(sync))) {}
LogStore::~LogStore() = default;

Result<std::uint64_t> LogStore::append(const LogId& id, std::uint64_t offset, std::string_view bytes, TimeUs time,
                                       std::optional<int> rank) {
  MUSTER_TRY(check(id));
  // Refused before the log's files are made: a call that keeps nothing must not leave an empty log.
  struct stat found {};
  if (offset > 0 && ::stat(state_->paths(id).data.c_str(), &found) != 0 && errno == ENOENT)
    return fail_hint(Code::conflict, "send from offset 0 on", "there is no such log yet, so nothing can begin at {}", offset);
  MUSTER_TRY_ASSIGN(const std::shared_ptr<LogFile> file, state_->file(id, rank));
  return file->append(offset, bytes, time);
}

Result<std::uint64_t> LogStore::size(const LogId& id) const {
  MUSTER_TRY(check(id));
  struct stat found {};
  if (::stat(state_->paths(id).data.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return 0;
  return static_cast<std::uint64_t>(found.st_size);
}

Result<Fd> LogStore::open(const LogId& id) const {
  MUSTER_TRY(check(id));
  Fd file(::open(state_->paths(id).data.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (file && ::fstat(file.get(), &found) == 0 && S_ISREG(found.st_mode)) return file;
  if (!file && errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
    return tl::unexpected(system_error("open the log " + id.path, errno));
  return tl::unexpected(no_log(id));
}

Result<std::string> LogStore::read(const LogId& id, std::uint64_t offset, std::size_t limit) const {
  MUSTER_TRY_ASSIGN(const Fd file, open(id));
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return tl::unexpected(system_error("look at the log " + id.path, errno));
  const auto size = static_cast<std::uint64_t>(found.st_size);
  if (offset >= size) return std::string();
  std::string bytes(std::min<std::uint64_t>(limit, size - offset), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(system_error("read the log " + id.path, errno));
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

Result<LogInfo> LogStore::info(const LogId& id) const {
  MUSTER_TRY(check(id));
  const LogPaths paths = state_->paths(id);
  // Asked in this order: a log that is complete has the size it keeps.
  MUSTER_TRY_ASSIGN(const LogMeta meta, read_meta(paths.meta));
  struct stat found {};
  if (::stat(paths.data.c_str(), &found) != 0 && errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
    return tl::unexpected(system_error("look at the log " + id.path, errno));
  if (!S_ISREG(found.st_mode)) return tl::unexpected(no_log(id));
  return LogInfo{id, static_cast<std::uint64_t>(found.st_size), meta.rank, meta.complete};
}

Result<std::vector<LogMark>> LogStore::marks(const LogId& id, std::uint64_t offset) const {
  MUSTER_TRY(check(id));
  const auto bytes = read_file(state_->paths(id).index, 1ULL << 30);
  std::vector<LogMark> marks;
  if (!bytes && bytes.error().code == Code::not_found) return marks;
  if (!bytes) return tl::unexpected(bytes.error());
  TimeUs latest = 0;
  for (std::size_t at = 0; at + 16 <= bytes->size(); at += 16) {
    LogMark mark;
    std::memcpy(&mark.offset, bytes->data() + at, 8);
    std::memcpy(&mark.time, bytes->data() + at + 8, 8);
    // A node's clock may jump back; the bytes still came later.
    latest = mark.time = std::max(latest, mark.time);
    if (mark.offset <= offset) marks.clear();
    marks.push_back(mark);
  }
  return marks;
}

Result<TimeUs> LogStore::time_at(const LogId& id, std::uint64_t offset) const {
  MUSTER_TRY(check(id));
  const Fd index(::open(state_->paths(id).index.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!index || ::fstat(index.get(), &found) != 0) return 0;
  const auto mark_at = [&](std::int64_t number) {
    LogMark mark;
    std::array<char, 16> bytes{};
    if (::pread(index.get(), bytes.data(), bytes.size(), number * 16) != 16) return LogMark{UINT64_MAX, 0};
    std::memcpy(&mark.offset, bytes.data(), 8);
    std::memcpy(&mark.time, bytes.data() + 8, 8);
    return mark;
  };
  std::int64_t before = 0;  // so many are at or before the offset
  std::int64_t after = found.st_size / 16;
  TimeUs time = 0;
  while (before < after) {
    const std::int64_t middle = before + (after - before) / 2;
    const LogMark mark = mark_at(middle);
    if (mark.offset <= offset) {
      before = middle + 1;
      time = mark.time;
    } else {
      after = middle;
    }
  }
  return time;
}

Result<std::vector<LogInfo>> LogStore::list(const std::string& run_uuid, std::optional<int> attempt) const {
  MUSTER_TRY(check({run_uuid, attempt.value_or(1), 0, "any"}));
  std::vector<LogInfo> all;
  MUSTER_TRY_ASSIGN(const auto attempts, numbered_folders(state_->root() / run_uuid));
  for (const auto& [number, attempt_folder] : attempts) {
    if (attempt && *attempt != number) continue;
    MUSTER_TRY_ASSIGN(const auto nodes, numbered_folders(attempt_folder));
    for (const auto& [node_rank, node_folder] : nodes) {
      MUSTER_TRY_ASSIGN(const std::vector<std::string> paths, files_below(node_folder / "data"));
      for (const std::string& path : paths) {
        auto found = info({run_uuid, number, node_rank, path});
        if (found)
          all.push_back(std::move(*found));
        else if (found.error().code != Code::not_found)  // removed meanwhile
          return tl::unexpected(std::move(found).error());
      }
    }
  }
  return all;
}

Result<void> LogStore::complete(const LogId& id) {
  MUSTER_TRY(check(id));
  {
    MUSTER_TRY_ASSIGN(const std::shared_ptr<LogFile> file, state_->file(id, std::nullopt));
    MUSTER_TRY(file->complete());
  }
  state_->forget(id);
  return {};
}

Result<void> LogStore::complete_all(const std::string& run_uuid, int attempt, std::optional<int> node_rank) {
  MUSTER_TRY_ASSIGN(const std::vector<LogInfo> logs, list(run_uuid, attempt));
  for (const LogInfo& log : logs) {
    if (!node_rank || *node_rank == log.id.node_rank) MUSTER_TRY(complete(log.id));
  }
  return {};
}

Result<void> LogStore::sync(const std::string& run_uuid, int attempt, int node_rank) {
  MUSTER_TRY(check({run_uuid, attempt, node_rank, "any"}));
  const fs::path data = state_->paths({run_uuid, attempt, node_rank, "any"}).data.parent_path();
  MUSTER_TRY_ASSIGN(const std::vector<std::string> paths, files_below(data));
  std::set<fs::path> folders = state_->take_unsynced(data);
  Result<void> outcome;
  for (const std::string& path : paths) {
    const auto file = state_->file({run_uuid, attempt, node_rank, path}, std::nullopt);
    auto synced = file ? (*file)->sync(folders) : tl::unexpected(file.error());
    if (!synced) outcome = std::move(synced);
  }
  if (auto synced = state_->sync_folders(folders); !synced) {
    state_->keep_unsynced(data, std::move(folders));
    return synced;
  }
  return outcome;
}

Result<void> LogStore::remove(const std::string& run_uuid) {
  MUSTER_TRY(check({run_uuid, 1, 0, "any"}));
  state_->forget_run(run_uuid);
  return remove_tree(state_->root() / run_uuid);
}

}  // namespace muster::store
