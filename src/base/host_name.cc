#include "base/host_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>

namespace muster {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

bool is_ip_address(const std::string& host) {
  in6_addr room{};  // large enough for either
  return ::inet_pton(AF_INET, host.c_str(), &room) == 1 || ::inet_pton(AF_INET6, host.c_str(), &room) == 1;
}

}  // namespace muster
