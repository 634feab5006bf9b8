#pragma once
// This process's environment.

#include <map>
#include <string>

namespace muster {

/// All environment variables of this process; of a name that is there twice, the first. While nobody sets variables, any thread may call.
std::map<std::string, std::string> own_variables();

}  // namespace muster
