#pragma once
// Which address to listen on, and what URL others reach it by.

#include <cstdint>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace muster::server {

struct Address {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;

  std::string text() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
  }
};

/// "HOST:PORT"; invalid otherwise.
Result<Address> parse_address(const std::string& text);

/// Where to listen. An address that was chosen here, not told, comes with the socket that listens there already: nobody else can take it
/// meanwhile.
struct Listening {
  Address address;
  Fd socket;
};

/// 127.0.0.1 with port 6464 when nobody listens there, else with a free one. unavailable when there is none.
Result<Listening> first_address();

/// Whether only this machine can reach it.
bool is_loopback(const Address& address);
/// Whether it is every interface's, and so no address to reach anybody by.
bool is_any(const Address& address);

/// The URL for this machine's clients ("http" or "https"); for a server that listens on every interface, with this machine's name.
std::string url_of(const Address& address, const std::string& scheme);

}  // namespace muster::server
