#pragma once
// Statements about many rows at once, with few texts: keys are asked for in lists of a few fixed lengths.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/session.h"

namespace muster::store {

/// Calls `each("(?, ?, …)", values)` for parts of the keys; a key may stand in a list more than once.
template <typename Each>
void for_keys(const std::vector<std::int64_t>& keys, Each&& each) {
  constexpr std::size_t kLengths[] = {1, 16, 128, 1024};
  for (std::size_t begin = 0; begin < keys.size();) {
    const std::size_t count = std::min(keys.size() - begin, kLengths[3]);
    const std::size_t length = *std::lower_bound(std::begin(kLengths), std::end(kLengths), count);
    std::string list = "(?";
    for (std::size_t i = 1; i < length; ++i) list += ", ?";
    std::vector<Value> values(keys.begin() + static_cast<std::ptrdiff_t>(begin), keys.begin() + static_cast<std::ptrdiff_t>(begin + count));
    values.resize(length, Value(keys[begin]));
    each(list + ")", std::move(values));
    begin += count;
  }
}

}  // namespace muster::store
