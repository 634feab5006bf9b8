#pragma once
// The warnings of this node, which become the run's.

#include <algorithm>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/log.h"
#include "base/result.h"

namespace muster::runner {

/// Thread-safe. Each warning once, at most kMost of them.
class Warnings {
 public:
  void add(std::string warning) {
    const bool is_new = list_.with([&](auto& list) {
      if (list.size() > kMost || std::find(list.begin(), list.end(), warning) != list.end()) return false;
      list.push_back(list.size() == kMost ? "and more warnings, left out here" : warning);
      return true;
    });
    // What repeats itself would fill the disk with the runner's own log.
    if (is_new) log::warning("runner", "{}", warning);
  }
  void add(const Error& error) { add(error.hint.empty() ? error.detail : fmt::format("{} ({})", error.detail, error.hint)); }
  std::vector<std::string> list() const {
    return list_.with([](const auto& list) { return list; });
  }

 private:
  static constexpr std::size_t kMost = 100;
  Guarded<std::vector<std::string>> list_;
};

}  // namespace muster::runner
