#pragma once
// The server as a whole: everything built once, in order, and taken down in reverse.

#include "base/result.h"
#include "server/start_options.h"

namespace muster::server {

/// Serves until SIGTERM or SIGINT. Blocks these signals for the whole process: call it from the main thread, before others exist.
/// Runs go on when it returns. An error says why it could not start: the home is in use, the port is taken, the database is newer, …
Result<void> serve(const ServeOptions& options);

}  // namespace muster::server
