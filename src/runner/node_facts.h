#pragma once
// What a runner tells of its node at check-in, and what the launch has to know of it.

#include <map>
#include <string>

#include "base/result.h"

namespace muster::runner {

/// The address by which other nodes reach this one: the one from which we reach the server; 127.0.0.1 when the server is on this machine's
/// loopback. unavailable when there is no route.
Result<std::string> own_address(const std::string& server_host);

/// Graphics cards that this node's ranks may use (process/gpus.h).
int count_gpus(const std::map<std::string, std::string>& variables);

/// /bin/bash where there is one, as people expect of a command line; else /bin/sh.
std::string shell();

}  // namespace muster::runner
