#include "client/snapshot/largest.h"

#include <algorithm>
#include <map>

namespace muster::client {
namespace {

/// A folder of which one entry is at least this part is no news: that entry is.
constexpr double kNearlyAll = 0.8;

/// The entries directly in `folder` ("" or ending in '/'), each with the amount below it.
std::vector<LargeEntry> entries_in(const std::vector<FoundFile>& files, const std::string& folder, Measure measure) {
  std::map<std::string, std::uint64_t> amounts;
  for (const FoundFile& file : files) {
    if (file.path.compare(0, folder.size(), folder) != 0) continue;
    const std::size_t slash = file.path.find('/', folder.size());
    const std::size_t end = slash == std::string::npos ? file.path.size() : slash + 1;
    amounts[file.path.substr(0, end)] += measure == Measure::bytes ? file.stamp.size : 1;
  }
  std::vector<LargeEntry> entries;
  for (const auto& [path, amount] : amounts) entries.push_back({path, amount});
  std::stable_sort(entries.begin(), entries.end(), [](const LargeEntry& a, const LargeEntry& b) { return a.amount > b.amount; });
  return entries;
}

}  // namespace

std::vector<LargeEntry> largest_entries(const std::vector<FoundFile>& files, Measure measure, std::size_t count) {
  std::vector<LargeEntry> entries = entries_in(files, "", measure);
  // One folder that holds nearly everything is opened, so that several entries can be named.
  while (entries.size() == 1 && entries.front().path.back() == '/') entries = entries_in(files, entries.front().path, measure);
  if (entries.size() > count) entries.resize(count);
  for (LargeEntry& entry : entries) {
    while (entry.path.back() == '/') {
      const auto inside = entries_in(files, entry.path, measure);
      if (static_cast<double>(inside.front().amount) < kNearlyAll * static_cast<double>(entry.amount)) break;
      entry = inside.front();
    }
  }
  return entries;
}

}  // namespace muster::client
