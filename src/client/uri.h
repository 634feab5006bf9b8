#pragma once
// URLs: the small part of RFC 3986 that a client of one API needs. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace muster::client {

/// Keys and values before encoding, in the order they are sent.
using Query = std::vector<std::pair<std::string, std::string>>;

/// Everything but unreserved characters becomes %XX, '/' too: a part of a path, a key or value of a query.
std::string encode_value(std::string_view text);

/// "path?key=value&…"; only the path when the query is empty. `path` is taken as it is, the query is encoded.
std::string target_of(std::string_view path, const Query& query);

struct HostPort {
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;
  bool tls = false;
  std::string fingerprint = {};  ///< SHA-256 of the certificate that the server must have, 64 hex digits; "" = one that is verified

  /// "host:port" as it stands in an address.
  std::string text() const;
  /// The whole address, as normal_url() gives it.
  std::string url() const;
};

/// The address with the fingerprint at its end; without one ("") the address.
std::string pinned_url(const std::string& url, const std::string& fingerprint);

/// What an https server shows of itself before anything is said to it.
struct ShownCertificate {
  std::string fingerprint;  ///< SHA-256, 64 hex digits
  bool trusted = false;     ///< an authority of this machine vouches for it and for the name
};

/// The 64 hex digits of "SHA256:…", in lower case and without colons; nothing when it is no fingerprint.
std::optional<std::string> parse_fingerprint(std::string_view text);

/// Of "http://HOST[:PORT]" or "https://HOST[:PORT][#SHA256:FINGERPRINT]". invalid for anything else: another scheme, a path, a user name.
Result<HostPort> parse_server_url(std::string_view url);

/// The form in which URLs are compared and kept: scheme and host in lower case, no '/' at the end, no fingerprint, the port always there.
Result<std::string> normal_url(std::string_view url);

}  // namespace muster::client
