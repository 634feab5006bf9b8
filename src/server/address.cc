#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/fd.h"

namespace muster::server {
namespace {

constexpr std::uint16_t kFirstPort = 6464;

/// The port, if it could be bound now (0: any).
std::optional<std::uint16_t> try_port(std::uint16_t port) {
  const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (!socket || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(socket.get(), 1) != 0) return std::nullopt;
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  return ntohs(address.sin_port);
}

}  // namespace

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address;
  if (colon != std::string::npos && colon > 0) {
    address.host = text.substr(0, colon);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (error == std::errc() && stop == end) return address;
  }
  return fail_hint(Code::invalid, "write HOST:PORT, for example 127.0.0.1:6464", "'{}' is not an address to listen on", text);
}

Result<Address> first_address() {
  for (const std::uint16_t wanted : {kFirstPort, std::uint16_t{0}}) {
    if (const auto port = try_port(wanted)) return Address{"127.0.0.1", *port};
  }
  return fail(Code::unavailable, "no port of 127.0.0.1 is free");
}

std::string url_of(const Address& address) {
  if (address.host != "0.0.0.0" && address.host != "[::]") return "http://" + address.text();
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return fmt::format("http://{}:{}", name.data(), address.port);
}

}  // namespace muster::server
