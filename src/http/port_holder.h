#pragma once
// Who listens on a port, for the error message.

#include <cstdint>
#include <string>

namespace muster::http {

/// "process 1234 (python3)", or "" when it cannot be known (another user's process). Reads /proc.
std::string port_holder(std::uint16_t port);

}  // namespace muster::http
