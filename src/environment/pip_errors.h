#pragma once
// What pip says when it fails, told in one sentence that names the package. Pure.

#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::environment {

/// `log`: what pip wrote (any bytes). invalid with the package and pip's own words; disk_full and timeout (no index could be reached)
/// where that is the reason.
Error explain_pip_failure(std::string_view log);

}  // namespace muster::environment
