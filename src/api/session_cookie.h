#pragma once
// The cookie of a signed-in browser. Pure.

#include <chrono>
#include <string>
#include <string_view>

#include "api/services.h"
#include "http/message.h"

namespace muster::api {

/// Browsers give a cookie to every port of a host: its name is that of this server alone.
std::string session_cookie_name(const ServerInfo& server);

/// What the request's cookie of that name holds; "" when there is none.
std::string session_cookie(const http::Request& request, std::string_view name);

/// The header's value that sets it, for as long, or takes it away ("" and 0). No script reads it, no other site's page sends it, and where
/// the server speaks TLS it travels by nothing else.
std::string set_session_cookie(const ServerInfo& server, std::string_view secret, std::chrono::seconds life);

}  // namespace muster::api
