#include "client/proxy.h"

#include <algorithm>
#include <charconv>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "base/text.h"

namespace muster::client {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

std::optional<ip::address> address_of(const std::string& host) {
  error_code error;
  const ip::address address = ip::make_address(host, error);
  if (error) return std::nullopt;
  return address;
}

bool is_in_network(const ip::address& address, const std::string& network) {
  error_code error;
  if (address.is_v4()) {
    const auto v4 = ip::make_network_v4(network, error);
    return !error && ip::network_v4(address.to_v4(), v4.prefix_length()).canonical() == v4.canonical();
  }
  const auto v6 = ip::make_network_v6(network, error);
  return !error && ip::network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

/// The entry without its port; nothing when it has another port than the server.
std::optional<std::string> without_port(std::string_view entry, std::uint16_t port) {
  std::string_view host = entry;
  std::string_view digits;
  if (entry.starts_with('[')) {
    const std::size_t end = entry.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = entry.substr(1, end - 1);
    if (entry.substr(end + 1).starts_with(':')) digits = entry.substr(end + 2);
  } else if (std::count(entry.begin(), entry.end(), ':') == 1) {
    host = entry.substr(0, entry.find(':'));
    digits = entry.substr(entry.find(':') + 1);
  }
  if (digits.empty()) return to_lower(host);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number != port) return std::nullopt;
  return to_lower(host);
}

bool names(std::string_view entry, const HostPort& server) {
  if (entry == "*") return true;
  const auto wanted = without_port(entry, server.port);
  if (!wanted || wanted->empty()) return false;
  const std::string host = to_lower(server.host);
  if (const auto address = address_of(host)) {
    const auto other = address_of(*wanted);
    return (other && *other == *address) || is_in_network(*address, *wanted);
  }
  const std::string domain = wanted->substr(wanted->starts_with("*.") ? 2 : (wanted->front() == '.' ? 1 : 0));
  return !domain.empty() && (host == domain || host.ends_with("." + domain));
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const bool coded = text[i] == '%' && i + 2 < text.size() &&
                       std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr == text.data() + i + 3;
    decoded += coded ? static_cast<char>(value) : text[i];
    if (coded) i += 2;
  }
  return decoded;
}

Result<Proxy> parse_proxy(std::string_view url, const std::string& variable) {
  constexpr std::size_t kLongest = 2048;
  const auto wrong = [&] {
    // Its words are not repeated: there may be a password among them.
    return fail_hint(Code::invalid, fmt::format("set it to http://[USER:PASSWORD@]HOST:PORT, or name the server in no_proxy"),
                     "the environment variable {} does not hold the address of an HTTP proxy", variable);
  };
  if (url.size() > kLongest) return wrong();
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    if (to_lower(url.substr(0, scheme)) != "http") return wrong();
    url.remove_prefix(scheme + 3);
  }
  Proxy proxy;
  proxy.variable = variable;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    std::string credentials = percent_decoded(url.substr(0, at));
    if (credentials.find(':') == std::string::npos) credentials += ':';
    proxy.authorization = "Basic " + base64(credentials);
    url.remove_prefix(at + 1);
  }
  auto server = parse_server_url("http://" + std::string(url));
  if (!server) return wrong();
  proxy.server = std::move(*server);
  return proxy;
}

}  // namespace

bool is_loopback(const std::string& host) {
  const auto address = address_of(host);
  return to_lower(host) == "localhost" || (address && address->is_loopback());
}

bool is_exempt(const HostPort& server, std::string_view no_proxy) {
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    const std::string_view entry = no_proxy.substr(0, end);
    if (!entry.empty() && names(entry, server)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

Result<std::optional<Proxy>> proxy_for(const HostPort& server, const std::map<std::string, std::string>& variables,
                                       const std::string& own_name) {
  // A server that listens on every interface is known by its machine's name, which a proxy need not know.
  if (is_loopback(server.host) || to_lower(server.host) == to_lower(own_name)) return std::nullopt;
  const auto value = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
  const std::string exempt = value("no_proxy").empty() ? value("NO_PROXY") : value("no_proxy");
  if (is_exempt(server, exempt)) return std::nullopt;
  const bool cgi = variables.count("REQUEST_METHOD") > 0;
  for (const char* name :
       {server.tls ? "https_proxy" : "http_proxy", server.tls ? "HTTPS_PROXY" : "HTTP_PROXY", "all_proxy", "ALL_PROXY"}) {
    if (cgi && std::string_view(name) == "HTTP_PROXY") continue;
    const std::string url = value(name);
    if (url.empty()) continue;
    MUSTER_TRY_ASSIGN(Proxy proxy, parse_proxy(url, name));
    return proxy;
  }
  return std::nullopt;
}

}  // namespace muster::client
