#pragma once
// A question that a person answers.

#include <string_view>

#include "cli/terminal/terminal.h"

namespace muster::cli {

/// Asks on `err`, and waits for a line of standard input: whether it was "yes" or "y". Without a terminal there nothing is asked: no.
bool confirm(const Terminal& err, std::string_view question);

}  // namespace muster::cli
