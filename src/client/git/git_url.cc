#include "client/git/git_url.h"

#include <algorithm>

#include "base/text.h"

namespace muster::client {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_ssh(std::string_view scheme) {
  const std::string name = to_lower(scheme);
  return name == "ssh" || name == "git+ssh" || name == "ssh+git";
}

/// "host", "host:8080", "[::1]:8080". A "port" that is no number is the start of a password with a '/' in it.
bool is_host(std::string_view text) {
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == npos ? 0 : bracket);
  if (colon == npos) return true;
  return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1, text.end(), is_digit);
}

/// user:password@host:path is not what ssh reads, but people write it.
std::string scp_like(std::string_view address) {
  const std::string_view before_path = address.substr(0, address.find('/'));
  const std::size_t at = before_path.rfind('@');
  const std::size_t colon = before_path.find(':');
  return std::string(at != npos && colon < at ? address.substr(at + 1) : address);
}

}  // namespace

std::string without_credentials(std::string_view address) {
  const std::size_t colon = address.find("://");
  if (colon == npos) return scp_like(address);
  const std::string_view scheme = address.substr(0, colon);
  const std::string_view rest = address.substr(colon + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  std::string_view path = rest.substr(authority_end);

  std::string_view user;
  if (const std::size_t at = authority.rfind('@'); at != npos) {
    user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  if (!is_host(authority)) return "";
  user = is_ssh(scheme) ? user.substr(0, user.find(':')) : "";
  if (to_lower(scheme) != "file") path = path.substr(0, path.find_first_of("?#"));
  return std::string(scheme) + "://" + std::string(user) + (user.empty() ? "" : "@") + std::string(authority) + std::string(path);
}

}  // namespace muster::client
