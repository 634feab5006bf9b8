#include "client/uri.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace muster::client {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

tl::unexpected<Error> not_an_address(std::string_view url) {
  return fail_hint(Code::invalid, "an address is like http://127.0.0.1:6464", "the server's address \"{}\" is not one", to_utf8(url));
}

}  // namespace

std::string encode_value(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4];
      encoded += kDigits[byte & 15];
    }
  }
  return encoded;
}

std::string target_of(std::string_view path, const Query& query) {
  std::string target(path);
  char separator = '?';
  for (const auto& [key, value] : query) {
    target += separator + encode_value(key) + '=' + encode_value(value);
    separator = '&';
  }
  return target;
}

Result<HostPort> parse_server_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const std::string_view whole = url;
  if (lower(url.substr(0, 8)) == "https://") {
    return fail_hint(Code::invalid, "give the http:// address; for a server elsewhere, an SSH tunnel keeps it private",
                     "the server's address \"{}\" is https, which this version does not speak", to_utf8(url));
  }
  if (lower(url.substr(0, kScheme.size())) != kScheme) return not_an_address(whole);
  url.remove_prefix(kScheme.size());
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);

  HostPort server;
  std::string_view rest;
  if (!url.empty() && url.front() == '[') {
    const std::size_t end = url.find(']');
    if (end == std::string_view::npos) return not_an_address(whole);
    server.host = lower(url.substr(1, end - 1));
    rest = url.substr(end + 1);
  } else {
    const std::size_t end = std::min(url.find(':'), url.size());
    server.host = lower(url.substr(0, end));
    rest = url.substr(end);
  }
  const bool host_is_good =
      std::all_of(server.host.begin(), server.host.end(), [](char c) { return is_unreserved(c) || c == ':' || c == '%'; });
  if (server.host.empty() || !host_is_good) return not_an_address(whole);
  if (rest.empty()) return server;

  std::int64_t port = 0;
  if (rest.front() != ':' || !parse_int64(rest.substr(1), port) || port < 1 || port > 65535) return not_an_address(whole);
  server.port = static_cast<std::uint16_t>(port);
  return server;
}

Result<std::string> normal_url(std::string_view url) {
  MUSTER_TRY_ASSIGN(const HostPort server, parse_server_url(url));
  const bool v6 = server.host.find(':') != std::string::npos;
  return fmt::format("http://{}{}{}:{}", v6 ? "[" : "", server.host, v6 ? "]" : "", server.port);
}

}  // namespace muster::client
