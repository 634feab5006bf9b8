#pragma once
// The whole REST API, put into a router.

#include "api/services.h"
#include "http/router.h"

namespace muster::api {

/// Adds every route of docs/rest-api.md. `services` must outlive the router.
void add_routes(http::Router& router, Services& services);

}  // namespace muster::api
