#pragma once
// The files below logs/, as they are now.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
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

/// What scan_logs() tells while it looks.
struct ScanEvents {
  std::function<void(const std::filesystem::path& folder)> on_folder;  ///< before it is read
  std::function<void(std::string)> warn;  ///< what is left out by rule: names that are not UTF-8, files past kMostLogs
  std::function<void(const std::string& path, const Error& why)> on_fault;  ///< what of logs/ could not be looked at
};

/// Regular files below `folder` (called "logs"), in order of their names; never follows links. Blocks on the disk.
std::vector<SeenLog> scan_logs(const std::filesystem::path& folder, const ScanEvents& events);

}  // namespace muster::runner
