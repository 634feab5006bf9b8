#include "client/snapshot/stat_cache.h"

#include <charconv>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTitle = "muster-hashes 1\n";
constexpr std::size_t kSealBytes = 65;  // SHA-256 in hex and a line end
constexpr std::int64_t kCoarseNs = 2'000'000'000;

/// Takes a number and the separator after it off the front.
template <typename T>
bool take(std::string_view& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() + text.size() || *end != ' ') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

std::string cache_to_text(const HashCache& cache) {
  std::string text(kTitle);
  for (const auto& [path, entry] : cache) {
    const FileStamp& stamp = entry.stamp;
    fmt::format_to(std::back_inserter(text), "{} {} {} {} {} {} {}", stamp.size, stamp.modified_ns, stamp.changed_ns, stamp.inode,
                   stamp.device, entry.sha256, path);
    text += '\0';
  }
  // The file is not synced: after a power cut it may hold anything, which the seal tells.
  return text + sha256_hex(text) + "\n";
}

HashCache cache_from_text(std::string_view text) {
  if (text.size() < kTitle.size() + kSealBytes || text.substr(0, kTitle.size()) != kTitle) return {};
  const std::string_view seal = text.substr(text.size() - kSealBytes, kSealBytes - 1);
  text.remove_suffix(kSealBytes);
  if (sha256_hex(text) != seal) return {};
  text.remove_prefix(kTitle.size());
  HashCache cache;
  while (!text.empty()) {
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos) return {};
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    CachedHash entry;
    FileStamp& stamp = entry.stamp;
    if (!take(line, stamp.size) || !take(line, stamp.modified_ns) || !take(line, stamp.changed_ns) || !take(line, stamp.inode) ||
        !take(line, stamp.device))
      return {};
    if (line.size() < 66) return {};
    entry.sha256 = line.substr(0, 64);
    cache.emplace(line.substr(65), std::move(entry));
  }
  return cache;
}

bool may_be_cached(const FileStamp& stamp, TimeUs hashed_at) {
  return std::max(stamp.modified_ns, stamp.changed_ns) < hashed_at * 1000 - kCoarseNs;
}

fs::path cache_path(const fs::path& cache_folder, const fs::path& source_folder) {
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(source_folder, ignored);
  return cache_folder / "snapshots" / sha256_hex(real.string()).substr(0, 32);
}

HashCache load_cache(const fs::path& path) {
  const auto text = read_file(path);
  return text ? cache_from_text(*text) : HashCache{};
}

Result<void> save_cache(const fs::path& path, const HashCache& cache) {
  MUSTER_TRY(make_folders(path.parent_path()));
  return write_file(path, cache_to_text(cache), 0600, Durable::no);
}

}  // namespace muster::client
