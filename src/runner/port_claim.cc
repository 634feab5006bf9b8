#include "runner/port_claim.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace muster::runner {
namespace {

/// All below the ports that the kernel gives to outgoing connections, which might take one away at any moment.
constexpr int kMostPorts = 1000;

/// A name in Linux's abstract namespace: one process alone can have it, it is of the network namespace as ports are, and the kernel lets go
/// of it with the process. An empty Fd when another process has it.
Fd claim(int port) {
  Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = fmt::format("muster-master-port-{}", port);
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 ? std::move(fd) : Fd();
}

/// As the store of torch.distributed will: a port in TIME_WAIT is free.
bool can_listen(int port) {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  // Bound is not listening: two may be bound to one port with SO_REUSEADDR, and only one listen.
  return fd && ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && ::listen(fd.get(), 1) == 0;
}

}  // namespace

Result<PortClaim> PortClaim::take(const std::vector<int>& avoid) {
  for (int port = kUsualPort; port < kUsualPort + kMostPorts; ++port) {
    if (std::find(avoid.begin(), avoid.end(), port) != avoid.end()) continue;
    if (Fd claimed = claim(port); claimed && can_listen(port)) return PortClaim(std::move(claimed), port);
  }
  return fail(Code::unavailable, "none of the ports {} to {} is free on this machine", kUsualPort, kUsualPort + kMostPorts - 1);
}

}  // namespace muster::runner
