#pragma once
// One client's connection: request after request until either side has enough. Inside this room only.

#include <memory>

#include "base/fd.h"
#include "http/core.h"

namespace muster::http {

/// Serves the connected socket in the background until it ends. Any thread.
void serve_connection(const std::shared_ptr<Core>& core, Fd socket);

}  // namespace muster::http
