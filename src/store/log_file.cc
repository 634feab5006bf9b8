#include "store/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/json.h"
#include "base/text.h"

namespace muster::store {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMarkBytes = 16;
// Lines written within this time of each other need no order among ranks.
constexpr TimeUs kBetweenMarks = 10'000;

/// Writes what fits and says how much that was.
std::pair<std::uint64_t, Result<void>> write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  std::uint64_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {done, tl::unexpected(system_error("write", errno))};
    done += static_cast<std::uint64_t>(n);
  }
  return {done, {}};
}

Result<std::uint64_t> size_of(const Fd& file, const fs::path& name) {
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return tl::unexpected(system_error("look at " + name.string(), errno));
  return static_cast<std::uint64_t>(found.st_size);
}

/// A name that cannot be a file here is the sender's fault, not ours.
Result<Fd> open_named(const fs::path& path, int flags) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  const int fd = error ? -1 : ::open(path.c_str(), flags | O_CLOEXEC, 0644);
  const int number = error ? error.value() : errno;
  if (fd >= 0) return Fd(fd);
  if (number == EISDIR || number == ENOTDIR || number == EEXIST)
    return fail(Code::invalid, "cannot keep the log {}: another log's path needs a folder where this one needs a file, or the reverse",
                path.string());
  if (number == ENAMETOOLONG) return fail(Code::invalid, "the name of the log is too long: {}", path.string());
  return tl::unexpected(system_error("open the log " + path.string(), number));
}

Result<void> write_meta(const fs::path& file, const LogMeta& meta) {
  const Json json = {{"rank", meta.rank ? Json(*meta.rank) : Json()}, {"complete", meta.complete}};
  return write_file(file, dump_json(json), 0644, Durable::no);
}

}  // namespace

std::optional<std::string> log_id_fault(const LogId& id) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (id.run_uuid.size() != 32 || !std::all_of(id.run_uuid.begin(), id.run_uuid.end(), is_hex)) return "a run's uuid is 32 hex digits";
  if (id.attempt < 1) return "attempts count from 1";
  if (id.node_rank < 0) return "node ranks count from 0";
  if (!is_safe_relative_path(id.path))
    return fmt::format("the log's path `{}` does not stay inside its folder", to_utf8(id.path.substr(0, 200)));
  return std::nullopt;
}

LogPaths::LogPaths(const fs::path& root, const LogId& id) {
  const fs::path node = root / id.run_uuid / std::to_string(id.attempt) / std::to_string(id.node_rank);
  data = node / "data" / id.path;
  index = node / "index" / id.path;
  meta = node / "meta" / id.path;
}

Result<LogMeta> read_meta(const fs::path& file) {
  LogMeta meta;
  const auto text = try_again([&] { return read_file(file, 4096); });
  if (!text && (text.error().code == Code::storage_failed || text.error().code == Code::unavailable)) return tl::unexpected(text.error());
  if (!text) return meta;
  const auto json = parse_json(*text);
  if (!json || !json->is_object()) return meta;
  if (const auto at = json->find("rank"); at != json->end() && at->is_number_integer()) meta.rank = at->get<int>();
  if (const auto at = json->find("complete"); at != json->end() && at->is_boolean()) meta.complete = at->get<bool>();
  return meta;
}

Result<std::shared_ptr<LogFile>> LogFile::open(const LogPaths& paths, std::optional<int> rank, SyncCall sync) {
  const std::shared_ptr<LogFile> log(new LogFile);
  log->sync_ = std::move(sync);
  log->name_ = paths.data;
  log->index_file_ = paths.index;
  log->meta_file_ = paths.meta;
  // The data file last: a log is there once that is.
  MUSTER_TRY_ASSIGN(log->index_, open_named(paths.index, O_RDWR | O_CREAT));
  MUSTER_TRY_ASSIGN(log->meta_, read_meta(paths.meta));
  if (!fs::exists(paths.meta)) {
    log->meta_.rank = rank;
    MUSTER_TRY(make_folders(paths.meta.parent_path()));
    MUSTER_TRY(write_meta(paths.meta, log->meta_));
  }
  MUSTER_TRY_ASSIGN(log->data_, open_named(paths.data, O_RDWR | O_CREAT));
  MUSTER_TRY_ASSIGN(log->size_, size_of(log->data_, paths.data));
  MUSTER_TRY_ASSIGN(const std::uint64_t index_size, size_of(log->index_, paths.index));
  // A torn mark at the end is written over.
  log->index_size_ = index_size - index_size % kMarkBytes;
  if (log->index_size_ > 0) {
    const auto at = static_cast<off_t>(log->index_size_ - sizeof(TimeUs));
    if (::pread(log->index_.get(), &log->last_mark_, sizeof(TimeUs), at) != sizeof(TimeUs)) log->last_mark_ = 0;
  }
  return log;
}

Result<std::uint64_t> LogFile::append(std::uint64_t offset, std::string_view bytes, TimeUs time) {
  const std::lock_guard lock(mutex_);
  if (offset > size_)
    return fail_hint(Code::conflict, fmt::format("send from offset {} on", size_), "the log has {} bytes, so nothing can begin at {}",
                     size_, offset);
  if (bytes.size() <= size_ - offset) return size_;
  if (meta_.complete) return fail(Code::conflict, "the log is complete with {} bytes", size_);
  const std::uint64_t begin = size_;
  dirty_ = true;
  auto [written, outcome] = write_at(data_.get(), bytes.substr(size_ - offset), size_);
  size_ += written;
  if (!outcome) {
    outcome.error().detail = fmt::format("write the log {}: {}", name_.string(), outcome.error().detail);
    return tl::unexpected(std::move(outcome).error());
  }
  // The bytes are there; without its mark they count to the time before.
  (void)mark(begin, time);
  return size_;
}

Result<void> LogFile::mark(std::uint64_t offset, TimeUs time) {
  if (last_mark_ != 0 && time >= last_mark_ && time - last_mark_ < kBetweenMarks) return {};
  time = std::max(time, last_mark_);  // a node's clock may jump back; the bytes still came later
  std::array<char, kMarkBytes> bytes{};
  std::memcpy(bytes.data(), &offset, 8);
  std::memcpy(bytes.data() + 8, &time, 8);
  MUSTER_TRY(write_at(index_.get(), {bytes.data(), bytes.size()}, index_size_).second);
  index_size_ += kMarkBytes;
  last_mark_ = time;
  return {};
}

Result<void> LogFile::complete() {
  const std::lock_guard lock(mutex_);
  if (meta_.complete) return {};
  LogMeta meta = meta_;
  meta.complete = true;
  MUSTER_TRY(write_meta(meta_file_, meta));
  dirty_ = names_dirty_ = true;
  meta_ = meta;
  return {};
}

Result<void> LogFile::sync(std::set<fs::path>& folders) {
  const std::lock_guard lock(mutex_);
  if (dirty_) {
    if (auto synced = sync_files(); !synced) {
      distrust();
      return synced;
    }
    dirty_ = false;
  }
  if (names_dirty_) {
    for (const fs::path& file : {name_, index_file_, meta_file_}) folders.insert(file.parent_path());
    names_dirty_ = false;
  }
  return {};
}

Result<void> LogFile::sync_files() {
  const auto failed = [this] { return tl::unexpected(system_error("sync the log " + name_.string(), errno)); };
  if (sync_(data_.get()) != 0 || sync_(index_.get()) != 0) return failed();
  if (!names_dirty_) return {};
  MUSTER_TRY_ASSIGN(const Fd meta, open_file(meta_file_, O_RDONLY));
  if (sync_(meta.get()) != 0) return failed();
  return {};
}

void LogFile::distrust() {
  names_dirty_ = dirty_ = true;
  if (::ftruncate(data_.get(), 0) != 0 || ::ftruncate(index_.get(), 0) != 0) return;  // dirty: the next sync has to succeed all the same
  size_ = index_size_ = 0;
  last_mark_ = 0;
}

}  // namespace muster::store
