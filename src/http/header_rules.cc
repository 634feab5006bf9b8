#include "http/header_rules.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"

namespace muster::http {
namespace {

constexpr int kBadRequest = 400;
constexpr int kExpectationFailed = 417;
constexpr int kNotImplemented = 501;
constexpr std::size_t kShown = 80;

std::vector<std::string> values_of(const HeaderFields& fields, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

HeaderFault fault(int status, std::string detail, std::string hint = "") {
  return {status, Error{Code::malformed, std::move(detail), std::move(hint), {}}};
}

std::string shown(const std::string& value) { return to_utf8(value.substr(0, kShown)); }

/// The characters of a host and a port (RFC 3986), which the empty host of RFC 9112 passes too.
bool is_host(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-._~%!$&'()*+;=:[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

}  // namespace

std::optional<HeaderFault> header_fault(const HeaderFields& fields, unsigned version) {
  const std::vector<std::string> encodings = values_of(fields, "transfer-encoding");
  if (!encodings.empty()) {
    if (version == 10) return fault(kBadRequest, "HTTP/1.0 has no Transfer-Encoding", "send Content-Length, or HTTP/1.1");
    if (!values_of(fields, "content-length").empty())
      return fault(kBadRequest, "a request has Content-Length or Transfer-Encoding, this one has both");
    if (encodings.size() > 1) return fault(kBadRequest, "a request has one Transfer-Encoding, this one has several");
    if (!same(encodings[0], "chunked"))
      return fault(kNotImplemented, fmt::format("Transfer-Encoding '{}' is not known here", shown(encodings[0])),
                   "send the body with Content-Length, or as `chunked` alone");
  }
  const std::vector<std::string> hosts = values_of(fields, "host");
  if (hosts.size() > 1) return fault(kBadRequest, "a request has one Host, this one has several");
  if (hosts.empty() && version != 10) return fault(kBadRequest, "the request has no Host, which HTTP/1.1 requires");
  if (!hosts.empty() && !is_host(hosts[0])) return fault(kBadRequest, fmt::format("the Host '{}' is not one", shown(hosts[0])));
  if (version != 10) {  // HTTP/1.0 has no Expect: to be passed over
    for (const std::string& expected : values_of(fields, "expect")) {
      if (!same(expected, "100-continue"))
        return fault(kExpectationFailed, fmt::format("'Expect: {}' cannot be met", shown(expected)), "only 100-continue is known here");
    }
  }
  return std::nullopt;
}

}  // namespace muster::http
