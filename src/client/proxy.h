#pragma once
// Which HTTP proxy a connection goes through, as the environment says (http_proxy, https_proxy, all_proxy, no_proxy). Pure.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/uri.h"

namespace muster::client {

struct Proxy {
  HostPort server;
  std::string authorization;  ///< the value of Proxy-Authorization; "" without a user name. A secret
  std::string variable;       ///< which one named it, for error messages
};

/// The proxy for requests to `server`; nothing when it is reached directly, as this machine (loopback, or `own_name`) always is. The
/// variables' lower-case names come first, as in curl and Python; HTTP_PROXY is ignored where REQUEST_METHOD is set (a CGI program: a
/// visitor's header). invalid for a proxy that is not http://[USER:PASSWORD@]HOST[:PORT].
Result<std::optional<Proxy>> proxy_for(const HostPort& server, const std::map<std::string, std::string>& variables,
                                       const std::string& own_name);

/// Whether the host, a name or an address, means this machine on every machine.
bool is_loopback(const std::string& host);

/// Whether `no_proxy` names the host: `*`, a host and all below it (a leading dot changes nothing), an address, or a network (10.0.0.0/8);
/// each may end in a port. Divided by commas or spaces.
bool is_exempt(const HostPort& server, std::string_view no_proxy);

}  // namespace muster::client
