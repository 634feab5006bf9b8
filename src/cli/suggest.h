#pragma once
// What somebody may have meant. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace muster::cli {

/// The candidate that is nearest to `word`, when one is near enough (at most a third of its letters differ); else "".
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace muster::cli
