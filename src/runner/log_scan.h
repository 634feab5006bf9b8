#pragma once
// The files below logs/, as they are now.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runner/log_names.h"

namespace muster::runner {

struct SeenLog {
  std::string path;  ///< "logs/train/a.log"
  std::filesystem::path disk;
  FileId id;
};

inline constexpr std::size_t kMostLogs = 1000;

/// Of an open file; nothing when it is no regular one.
std::optional<FileId> file_id(int file);

/// Regular files below `folder` (called "logs"), in order of their names; never follows links. `on_folder` hears of each folder before it
/// is read, `warn` of what is left out: names that are not UTF-8, files past kMostLogs. Blocks on the disk.
std::vector<SeenLog> scan_logs(const std::filesystem::path& folder, const std::function<void(const std::filesystem::path&)>& on_folder,
                               const std::function<void(std::string)>& warn);

}  // namespace muster::runner
