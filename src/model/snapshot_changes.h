#pragma once
// What differs between two snapshots, file by file. Pure.

#include <optional>
#include <string>
#include <vector>

#include "model/snapshot.h"

namespace muster::model {

/// A file that only one of them has, or that has other bytes or another mode in the other. A file that was moved is removed and added.
struct SnapshotChange {
  std::string path;
  std::optional<SnapshotFile> before;  ///< nothing when it was added
  std::optional<SnapshotFile> after;   ///< nothing when it was removed
};

/// From the files of one snapshot to those of another, both in the manifest's order; so are the changes.
std::vector<SnapshotChange> changes_between(const std::vector<SnapshotFile>& before, const std::vector<SnapshotFile>& after);

/// {"path", "change": "added"|"removed"|"changed", "before": file or null, "after": file or null}
Json to_json(const SnapshotChange& change);

}  // namespace muster::model
