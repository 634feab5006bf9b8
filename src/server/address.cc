#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/host_name.h"

namespace muster::server {
namespace {

constexpr std::uint16_t kFirstPort = 6464;

/// Listens on the port (0: any), if it can be had.
std::optional<Listening> listen_on(std::uint16_t port) {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  // Bound alone it is not ours yet: with SO_REUSEADDR two can be bound to one port, only one can listen.
  if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(socket.get(), SOMAXCONN) != 0)
    return std::nullopt;
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return Listening{{"127.0.0.1", ntohs(address.sin_port)}, std::move(socket)};
}

}  // namespace

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0) {
    address.host = text.substr(0, colon);
    if (address.host.starts_with('[') && address.host.ends_with(']')) address.host = address.host.substr(1, address.host.size() - 2);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error == std::errc() && stop == end && !address.host.empty()) return address;
  }
  return fail_hint(Code::invalid, "write HOST:PORT, for example 127.0.0.1:6464", "'{}' is not an address to listen on", text);
}

Result<Listening> first_address() {
  for (const std::uint16_t wanted : {kFirstPort, std::uint16_t{0}}) {
    if (auto listening = listen_on(wanted)) return std::move(*listening);
  }
  return fail(Code::unavailable, "no port of 127.0.0.1 is free");
}

bool is_loopback(const Address& address) {
  return (address.host.starts_with("127.") && is_ip_address(address.host)) || address.host == "localhost" || address.host == "::1";
}

bool is_any(const Address& address) { return address.host == "0.0.0.0" || address.host == "::"; }

std::string url_of(const Address& address, const std::string& scheme) {
  if (!is_any(address)) return scheme + "://" + address.text();
  return fmt::format("{}://{}:{}", scheme, host_name(), address.port);
}

}  // namespace muster::server
