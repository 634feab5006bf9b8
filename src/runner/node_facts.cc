#include "runner/node_facts.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/fd.h"
#include "process/gpus.h"

namespace muster::runner {

Result<std::string> own_address(const std::string& server_host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(server_host.c_str(), "9", &hints, &found);
  if (status != 0) return fail(Code::unavailable, "the server's name {} is not known here: {}", server_host, ::gai_strerror(status));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // Connecting a datagram socket sends nothing; it only asks for the route.
    const Fd fd(::socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd || ::connect(fd.get(), one->ai_addr, one->ai_addrlen) != 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) continue;
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0)
      return std::string(text.data());
  }
  return fail(Code::unavailable, "there is no route from here to the server at {}", server_host);
}

int count_gpus(const std::map<std::string, std::string>& variables) {
  const auto chosen = variables.find("CUDA_VISIBLE_DEVICES");
  return static_cast<int>(process::visible_gpus(chosen == variables.end() ? nullptr : chosen->second.c_str()).size());
}

std::string shell() { return ::access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh"; }

}  // namespace muster::runner
