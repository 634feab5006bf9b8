#pragma once
// What a request's header must be before its body is believed: rules of RFC 9112 that the HTTP library leaves to us. Two readers of one
// connection that disagree on where a body ends make one of them run the body as a request. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace muster::http {

using HeaderFields = std::vector<std::pair<std::string, std::string>>;  ///< names in lower case, as they came

struct HeaderFault {
  int status = 400;
  Error error;
};

/// The first fault of a request's header; nothing when it may be served. After a fault the connection has to be closed. `version` is 10 or
/// 11.
std::optional<HeaderFault> header_fault(const HeaderFields& fields, unsigned version);

}  // namespace muster::http
