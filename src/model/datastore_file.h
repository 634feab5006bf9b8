#pragma once
// A file in a datastore: the workspace's own place for data, that runs get as inputs.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

/// The datastore that every workspace has, by the name that Azure's workspaces give theirs.
inline constexpr std::string_view kDefaultDatastore = "workspaceblobstore";

struct DatastoreFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
  TimeUs written_at = 0;
  std::string written_by;
};
/// As the API shows it.
Json to_json(const DatastoreFile& file);

}  // namespace muster::model
