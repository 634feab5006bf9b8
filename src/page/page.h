#pragma once
// The page that the server shows in a browser: its files, and which path is which. What it shows it asks of the API.

#include "http/router.h"

namespace muster::page {

/// GET / and all below /workspaces/ are the page itself, which reads its path; /assets/… and the rest its files. They need no token.
void add_routes(http::Router& router);

}  // namespace muster::page
