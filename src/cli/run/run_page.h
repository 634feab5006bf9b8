#pragma once
// Where a browser finds a run: the address of its page.

#include <string>
#include <string_view>

#include "client/server_api.h"

namespace muster::cli {

/// "http://HOST:PORT/workspaces/WORKSPACE/runs/RUN"; of all runs of the workspace when `run_id` is "".
std::string run_page(const client::Api& api, std::string_view run_id);

}  // namespace muster::cli
