#pragma once

#include <string_view>

namespace muster {

/// The version of this program; CMakeLists.txt is where it is set.
inline constexpr std::string_view kVersion = MUSTER_VERSION;

}  // namespace muster
