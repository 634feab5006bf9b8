#include "api/session_cookie.h"

#include "base/hash.h"
#include "base/text.h"

namespace muster::api {

std::string session_cookie_name(const ServerInfo& server) { return "muster_session_" + sha256_hex(server.url).substr(0, 8); }

std::string session_cookie(const http::Request& request, std::string_view name) {
  const std::string cookies = request.header("cookie");
  for (std::string_view one : split(cookies, ';')) {
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) return std::string(one.substr(name.size() + 1));
  }
  return "";
}

std::string set_session_cookie(const ServerInfo& server, std::string_view secret, std::chrono::seconds life) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", session_cookie_name(server), secret, life.count(),
                     server.url.starts_with("https://") ? "; Secure" : "");
}

}  // namespace muster::api
