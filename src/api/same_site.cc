#include "api/same_site.h"

#include <algorithm>

#include "base/host_name.h"
#include "base/text.h"

namespace muster::api {
namespace {

/// Of "host:port" or "[::1]:port", in lower case and without brackets.
std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return to_lower(host.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  return to_lower(host.substr(0, host.rfind(':')));
}

std::string_view after_scheme(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme == std::string_view::npos ? std::string_view() : url.substr(scheme + 3);
}

bool is_own_host(const std::string& host, const std::vector<std::string>& own_names) {
  if (host == "localhost" || is_ip_address(host)) return true;
  return std::find(own_names.begin(), own_names.end(), host) != own_names.end();
}

}  // namespace

std::vector<std::string> own_host_names(std::string_view url) {
  const std::string_view authority = after_scheme(url);
  return {host_of(authority.substr(0, authority.find_first_of("/#"))), to_lower(host_name())};
}

Result<void> check_same_site(const http::Request& request, const std::vector<std::string>& own_names) {
  const std::string host = request.header("host");
  if (!is_own_host(host_of(host), own_names)) {
    return fail_hint(Code::forbidden, "open the page by the address that `muster ui` shows; --advertise tells the server another name",
                     "this server is not called '{}'", to_utf8(host.substr(0, 100)));
  }
  const std::string origin = request.header("origin");
  const bool only_reads = request.method == "GET" || request.method == "HEAD";
  if (origin.empty() && !only_reads)
    return fail_hint(Code::forbidden, "programs send `Authorization: Bearer TOKEN` and no cookie",
                     "a request that changes something by a cookie has to say which page it is of (Origin)");
  // The scheme may differ behind a proxy that speaks TLS for us.
  if (!origin.empty() && to_lower(after_scheme(origin)) != to_lower(host))
    return fail(Code::forbidden, "the request is of another site's page ({})", to_utf8(origin.substr(0, 100)));
  const std::string site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none")
    return fail(Code::forbidden, "the browser says that the request is of another site's page (Sec-Fetch-Site: {})",
                to_utf8(site.substr(0, 40)));
  return {};
}

}  // namespace muster::api
