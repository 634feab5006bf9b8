#pragma once
// Problem details (RFC 9457) as our Error, and back. Pure.

#include "base/json.h"
#include "base/result.h"
#include "client/http_message.h"

namespace muster::client {

/// The error of an answer whose status is not 2xx. An answer that is not problem+json (a proxy's page) still gives a code and a readable
/// detail.
Error error_of(const HttpResponse& response);

/// The problem-details object of an error; `status` as docs/rest-api.md pairs codes with statuses.
Json problem_of(const Error& error);

}  // namespace muster::client
