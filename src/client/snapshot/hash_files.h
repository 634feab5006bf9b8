#pragma once
// Hashes the files of a source folder, those that changed since last time. Blocks on the disk.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/snapshot/stat_cache.h"
#include "client/snapshot/walk.h"
#include "model/snapshot.h"

namespace muster::client {

struct HashedFile {
  model::SnapshotFile file;
  bool from_cache = false;
};

/// Called with bytes hashed so far and in all; from several threads, one at a time.
using OnHashed = std::function<void(std::uint64_t bytes, std::uint64_t total)>;

/// Hashes by two threads; keeps the order of `files`. `cache` is what was known, and becomes what is known now, files that are gone left
/// out. invalid for a file that cannot be read, or changes while it is read.
Result<std::vector<HashedFile>> hash_files(const std::filesystem::path& folder, const std::vector<FoundFile>& files, HashCache& cache,
                                           const Clock& clock, const OnHashed& on_hashed = {});

}  // namespace muster::client
