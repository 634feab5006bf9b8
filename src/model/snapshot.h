#pragma once
// A snapshot: the manifest of a source folder (docs/formats.md, "Snapshot manifest"). Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

inline constexpr std::size_t kSnapshotFileLimit = 100'000;

struct SnapshotFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
  int mode = 0644;  ///< 0644 or 0755
  bool operator==(const SnapshotFile&) const = default;
};

struct Snapshot {
  std::string snapshot_id;
  TimeUs created_at = 0;
  std::string created_by;
  std::uint64_t file_count = 0;
  std::uint64_t size = 0;  ///< of all files together
  std::vector<SnapshotFile> files;
};

/// Whether a file of this path would be in the place of something that every run's folder has: the folders `outputs` and `logs`, and
/// `.muster` with all in it.
bool clashes_with_run_folder(std::string_view path);

/// Puts the files into the manifest's order.
void sort_manifest(std::vector<SnapshotFile>& files);
/// The id of files in any order.
std::string snapshot_id(std::vector<SnapshotFile> files);

/// Reads the body of POST /snapshots and gives the snapshot, its files sorted, its id, count and size reckoned. invalid names each fault:
/// an unsafe or doubled path, a file where another has a folder or where every run has one, a wrong mode or hash, too many files.
Result<Snapshot> snapshot_from_json(const Json& body);
/// As the API shows it; with `files` when it has them.
Json to_json(const Snapshot& snapshot);
Json to_json(const SnapshotFile& file);

}  // namespace muster::model
