#pragma once
// Helpers of this room's tests.

#include <map>
#include <string>

namespace muster::process::testing {

inline std::map<std::string, std::string> plain_variables() { return {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}; }

}  // namespace muster::process::testing
