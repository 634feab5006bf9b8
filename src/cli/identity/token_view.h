#pragma once
// A token in words.

#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace muster::cli {

/// "all", or the only one.
std::string workspace_words(const Json& token);
/// "never", "in 3 d 4 h", or when it did.
std::string expiry_words(const Json& token, TimeUs now);

}  // namespace muster::cli
