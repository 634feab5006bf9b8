#pragma once
// Whether a browser's request comes from our own page: what is asked of every request that a cookie speaks for. Another site's page can
// have a browser send requests here; it can neither choose their Origin nor reach us under our own name. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace muster::api {

/// The names that this server may be called by: addresses in numbers and localhost always, besides these.
std::vector<std::string> own_host_names(std::string_view url);

/// forbidden, saying why, unless the Host is one of ours, an Origin (which must be there when something would change) is the Host's, and
/// the browser says of the request, where it does, that it is the page's own.
Result<void> check_same_site(const http::Request& request, const std::vector<std::string>& own_names);

}  // namespace muster::api
