#pragma once
// Identifiers that need no coordination.

#include <string>
#include <string_view>

#include "base/clock.h"

namespace muster {

/// `bytes` random bytes from the kernel, in lower-case hex (twice as many characters).
std::string random_hex(int bytes);

/// "<experiment>_<unix seconds>_<8 hex>", as Azure ML names runs.
std::string make_run_id(std::string_view experiment, TimeUs now);

}  // namespace muster
