#pragma once
// Counts that agree with their nouns.

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

/// "1 file", "2 files"; `many` for a plural that is not formed with an s, as in counted(n, "process", "processes").
inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {}) {
  if (count == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

}  // namespace muster
