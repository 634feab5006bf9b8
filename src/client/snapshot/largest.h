#pragma once
// What makes a folder large. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "client/snapshot/walk.h"

namespace muster::client {

enum class Measure { bytes, files };

struct LargeEntry {
  std::string path;  ///< a folder's ends with '/'
  std::uint64_t amount = 0;
};

/// The `count` largest entries that do not lie in one another: a folder stands for what is below it, unless one of its own entries
/// makes up nearly all of it, which is then named instead. `files` sorted by path.
std::vector<LargeEntry> largest_entries(const std::vector<FoundFile>& files, Measure measure, std::size_t count);

}  // namespace muster::client
