#pragma once
// Git's pattern matching for paths (wildmatch with WM_PATHNAME). Pure.

#include <string_view>

namespace muster::client {

/// '*' and '?' and classes stop at '/'; "**/" at the front, "/**/" between and "/**" at the end do not; '\' takes the next character as it is.
/// Bytes are compared, as Git does. Takes time in the product of the lengths at worst, whatever the pattern.
bool wildmatch(std::string_view pattern, std::string_view path);

}  // namespace muster::client
