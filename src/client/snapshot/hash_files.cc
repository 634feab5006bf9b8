#include "client/snapshot/hash_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/hash.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr int kThreads = 2;
constexpr std::size_t kPieceBytes = 256u << 10;
constexpr std::uint64_t kTellBytes = 8u << 20;
constexpr int kTries = 3;

/// Told now and then how much of a file has been read; less again when it is read anew.
using OnRead = std::function<void(std::uint64_t)>;

/// What was read, with the stamp that held before and after.
struct Reading {
  FileStamp stamp;
  std::string sha256;
};

Result<Reading> read_once(const fs::path& path, std::string& buffer, const OnRead& on_read, bool& changed) {
  auto opened = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!opened) {
    const bool gone = opened.error().code == Code::not_found;
    return fail_hint(Code::invalid, gone ? "submit again when no program changes the folder" : "make it readable, or name it in .amlignore",
                     "{}", gone ? path.string() + " was removed while the folder was being read" : opened.error().detail);
  }
  struct stat before {};
  struct stat after {};
  if (::fstat(opened->get(), &before) != 0) return tl::unexpected(system_error("stat " + path.string(), errno));
  Sha256 hash;
  std::uint64_t size = 0;
  while (true) {
    const ssize_t n = ::read(opened->get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      return fail_hint(Code::invalid, "name it in .amlignore to leave it out", "{}", system_error("read " + path.string(), errno).detail);
    if (n == 0) break;
    hash.update({buffer.data(), static_cast<std::size_t>(n)});
    if (size / kTellBytes != (size + static_cast<std::uint64_t>(n)) / kTellBytes) on_read(size);
    size += static_cast<std::uint64_t>(n);
    if (size > static_cast<std::uint64_t>(before.st_size)) break;  // it grows as we read: no end is promised
  }
  if (::fstat(opened->get(), &after) != 0) return tl::unexpected(system_error("stat " + path.string(), errno));
  changed = stamp_of(before) != stamp_of(after) || size != static_cast<std::uint64_t>(before.st_size);
  return Reading{stamp_of(before), hash.hex()};
}

Result<Reading> read_steady(const fs::path& path, std::string& buffer, const OnRead& on_read) {
  for (int i = 0; i < kTries; ++i) {
    bool changed = false;
    MUSTER_TRY_ASSIGN(Reading reading, read_once(path, buffer, on_read, changed));
    if (!changed) return reading;
  }
  return fail_hint(Code::invalid, "submit again when no program writes to it, or name it in .amlignore",
                   "{} changes while it is being read", path.string());
}

/// The files that have to be read, worked off by several threads.
class Hashing {
 public:
  Hashing(const fs::path& folder, const std::vector<FoundFile>& files, std::vector<std::size_t> changed, const OnHashed& on_hashed)
      : folder_(folder), files_(files), changed_(std::move(changed)), readings_(changed_.size()), on_hashed_(on_hashed) {
    for (const std::size_t index : changed_) total_ += files_[index].stamp.size;
  }

  Result<void> run() {
    {
      std::vector<std::jthread> helpers;
      const std::size_t wanted = std::min<std::size_t>(kThreads, changed_.size());
      for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back([this] { work(); });
      work();
    }
    if (error_) return tl::unexpected(std::move(*error_));
    return {};
  }

  const std::vector<std::size_t>& changed() const { return changed_; }
  const Reading& reading(std::size_t i) const { return readings_[i]; }

 private:
  void work() {
    std::string buffer(kPieceBytes, '\0');
    while (!failed_) {
      const std::size_t i = next_++;
      if (i >= changed_.size()) return;
      std::uint64_t counted_bytes = 0;
      const auto tell = [&](std::uint64_t read) {
        const std::lock_guard lock(mutex_);
        done_ += read - counted_bytes;
        counted_bytes = read;
        if (on_hashed_) on_hashed_(done_, total_);
      };
      auto reading = read_steady(folder_ / files_[changed_[i]].path, buffer, tell);
      if (!reading) {
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::move(reading).error();
        failed_ = true;
        return;
      }
      readings_[i] = std::move(*reading);
      tell(readings_[i].stamp.size);
    }
  }

  const fs::path& folder_;
  const std::vector<FoundFile>& files_;
  const std::vector<std::size_t> changed_;
  std::vector<Reading> readings_;
  const OnHashed& on_hashed_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;  ///< guards what follows, and the calls of on_hashed_
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::vector<HashedFile>> hash_files(const fs::path& folder, const std::vector<FoundFile>& files, HashCache& cache,
                                           const Clock& clock, const OnHashed& on_hashed) {
  const TimeUs now = clock.now_us();
  std::vector<HashedFile> hashed(files.size());
  std::vector<std::size_t> changed;
  HashCache known;
  known.reserve(files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    const FoundFile& file = files[i];
    hashed[i].file = {file.path, file.stamp.size, "", file.mode};
    const auto at = cache.find(file.path);
    if (at == cache.end() || at->second.stamp != file.stamp) {
      changed.push_back(i);
      continue;
    }
    hashed[i].file.sha256 = at->second.sha256;
    hashed[i].from_cache = true;
    known.insert(cache.extract(at));
  }

  Hashing hashing(folder, files, std::move(changed), on_hashed);
  MUSTER_TRY(hashing.run());
  for (std::size_t i = 0; i < hashing.changed().size(); ++i) {
    HashedFile& target = hashed[hashing.changed()[i]];
    const Reading& reading = hashing.reading(i);
    target.file.size = reading.stamp.size;
    target.file.sha256 = reading.sha256;
    if (may_be_cached(reading.stamp, now)) known[target.file.path] = {reading.stamp, reading.sha256};
  }
  cache = std::move(known);
  return hashed;
}

}  // namespace muster::client
