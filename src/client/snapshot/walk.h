#pragma once
// Finds the files of a source folder. Blocks on the disk.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/snapshot/ignore_rules.h"

struct stat;

namespace muster::client {

/// What stat(2) says of a file: if none of it has changed, neither (we trust) has the content.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  bool operator==(const FileStamp&) const = default;
};
FileStamp stamp_of(const struct stat& status);

struct FoundFile {
  std::string path;  ///< relative, '/'-separated, UTF-8
  FileStamp stamp;   ///< of the file itself, or of the file a link leads to
  int mode = 0644;   ///< 0644 or 0755
};

struct SnapshotLimits {
  std::uint64_t bytes = 300ULL << 20;
  std::uint64_t files = 100'000;
};

/// The limits; `limit_mb` is the value of MUSTER_SNAPSHOT_LIMIT_MB, or nullptr. invalid unless it is a whole number from 1 to 1048576.
Result<SnapshotLimits> snapshot_limits(const char* limit_mb);

/// The rules for a folder: our own, then .amlignore's or else .gitignore's. invalid when that file cannot be read.
Result<IgnoreRules> rules_of(const std::filesystem::path& folder);

/// Every file that is not ignored, sorted by path. invalid names everything that cannot be sent, each with what to do (`errors`);
/// too_large names the five largest files or folders.
Result<std::vector<FoundFile>> walk(const std::filesystem::path& folder, const IgnoreRules& rules, const SnapshotLimits& limits);

}  // namespace muster::client
