#pragma once
// A run followed to its end on the terminal.

#include <memory>
#include <string>

#include "cli/context.h"

namespace muster::cli {

/// Prints its stages and logs as they come and the result last (with --json: one object a line), and gives the exit code. Ctrl-C stops
/// following: says how to cancel, leaves the run going, and gives Exit::interrupted.
Result<Exit> follow_on_terminal(Context& context, client::Api& api, const std::string& run_id);

}  // namespace muster::cli
