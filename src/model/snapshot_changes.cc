#include "model/snapshot_changes.h"

#include <nlohmann/json.hpp>

namespace muster::model {

std::vector<SnapshotChange> changes_between(const std::vector<SnapshotFile>& before, const std::vector<SnapshotFile>& after) {
  std::vector<SnapshotChange> changes;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->path < now->path)) {
      changes.push_back({old->path, *old, std::nullopt});
      ++old;
    } else if (old == before.end() || now->path < old->path) {
      changes.push_back({now->path, std::nullopt, *now});
      ++now;
    } else {
      if (*old != *now) changes.push_back({now->path, *old, *now});
      ++old;
      ++now;
    }
  }
  return changes;
}

Json to_json(const SnapshotChange& change) {
  const char* kind = !change.before ? "added" : !change.after ? "removed" : "changed";
  return {{"path", change.path},
          {"change", kind},
          {"before", change.before ? to_json(*change.before) : Json()},
          {"after", change.after ? to_json(*change.after) : Json()}};
}

}  // namespace muster::model
