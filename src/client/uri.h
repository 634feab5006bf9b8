#pragma once
// URLs: the small part of RFC 3986 that a client of one API needs. Pure.

#include <cstdint>
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
};

/// Host and port of "http://HOST[:PORT]". invalid for anything else: another scheme, a path, a user name.
Result<HostPort> parse_server_url(std::string_view url);

/// The form in which URLs are compared and kept: scheme and host in lower case, no '/' at the end, the port always there.
Result<std::string> normal_url(std::string_view url);

}  // namespace muster::client
