#pragma once
// A snapshot's manifest and its id (docs/formats.md, "Snapshot manifest"). Pure.

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"

namespace muster::client {

struct SnapshotFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
  int mode = 0644;  ///< 0644 or 0755
};

/// Sorts by path as bytes, which is the manifest's order.
void sort_manifest(std::vector<SnapshotFile>& files);

/// The id of files in the manifest's order.
std::string snapshot_id(const std::vector<SnapshotFile>& files);

/// The body of POST /snapshots.
Json manifest_to_json(const std::vector<SnapshotFile>& files);

}  // namespace muster::client
