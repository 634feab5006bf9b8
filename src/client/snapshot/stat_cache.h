#pragma once
// Remembers the hashes of files that have not changed. One file a source folder; losing it costs only time.

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/snapshot/walk.h"

namespace muster::client {

struct CachedHash {
  FileStamp stamp;
  std::string sha256;
};

/// Keyed by path relative to the source folder.
using HashCache = std::unordered_map<std::string, CachedHash>;

/// The cache's text and back. Pure. Anything damaged reads as empty.
std::string cache_to_text(const HashCache& cache);
HashCache cache_from_text(std::string_view text);

/// Whether a hash taken at `hashed_at` may be trusted later by the stamp alone: a file that changed within two seconds before may change
/// again without its time showing it, since file systems keep time coarsely. A time in the future is not trusted either.
bool may_be_cached(const FileStamp& stamp, TimeUs hashed_at);

/// Where the folder's cache lies inside `cache_folder`.
std::filesystem::path cache_path(const std::filesystem::path& cache_folder, const std::filesystem::path& source_folder);

/// An empty cache when there is none, or it is damaged.
HashCache load_cache(const std::filesystem::path& path);
Result<void> save_cache(const std::filesystem::path& path, const HashCache& cache);

}  // namespace muster::client
