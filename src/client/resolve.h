#pragma once
// Host names to addresses, within a deadline.

#include <sys/socket.h>

#include <chrono>
#include <vector>

#include "base/result.h"
#include "client/uri.h"

namespace muster::client {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// The addresses to try, in order, at least one. unavailable when the name is not known, timeout when nobody answers in time.
Result<std::vector<SocketAddress>> resolve(const HostPort& server, std::chrono::milliseconds at_most);

}  // namespace muster::client
