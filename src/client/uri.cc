#include "client/uri.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace muster::client {
namespace {

bool is_unreserved(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

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

std::string HostPort::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::string HostPort::url() const { return fmt::format("{}://{}", tls ? "https" : "http", text()); }

std::string pinned_url(const std::string& url, const std::string& fingerprint) {
  return fingerprint.empty() ? url : url + "#SHA256:" + fingerprint;
}

std::optional<std::string> parse_fingerprint(std::string_view text) {
  constexpr std::string_view kKind = "sha256:";
  constexpr std::size_t kDigits = 64;
  if (to_lower(text.substr(0, kKind.size())) == kKind) text.remove_prefix(kKind.size());
  std::string digits;
  for (const char c : to_lower(text)) {
    if (c == ':') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return std::nullopt;
    digits += c;
  }
  if (digits.size() != kDigits) return std::nullopt;
  return digits;
}

Result<HostPort> parse_server_url(std::string_view url) {
  constexpr std::string_view kPlain = "http://";
  constexpr std::string_view kTls = "https://";
  const std::string_view whole = url;
  HostPort server;
  if (to_lower(url.substr(0, kTls.size())) == kTls) {
    server.tls = true;
    server.port = 443;
    url.remove_prefix(kTls.size());
    if (const std::size_t at = url.find('#'); at != std::string_view::npos) {
      const auto fingerprint = parse_fingerprint(url.substr(at + 1));
      if (!fingerprint) return not_an_address(whole);
      server.fingerprint = *fingerprint;
      url = url.substr(0, at);
    }
  } else if (to_lower(url.substr(0, kPlain.size())) == kPlain) {
    url.remove_prefix(kPlain.size());
  } else {
    return not_an_address(whole);
  }
  while (!url.empty() && url.back() == '/') url.remove_suffix(1);

  std::string_view rest;
  if (!url.empty() && url.front() == '[') {
    const std::size_t end = url.find(']');
    if (end == std::string_view::npos) return not_an_address(whole);
    server.host = to_lower(url.substr(1, end - 1));
    rest = url.substr(end + 1);
  } else {
    const std::size_t end = std::min(url.find(':'), url.size());
    server.host = to_lower(url.substr(0, end));
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
  return server.url();
}

}  // namespace muster::client
