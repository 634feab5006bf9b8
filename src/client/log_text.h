#pragma once
// Logs as text, to their end, through lost connections and restarts of the server.

#include <string>

#include "client/server_api.h"

namespace muster::client {

/// The bytes of one log (GET …/logs/<path>; with `follow` in the query until the run has ended), each once. Taken up again where it stopped
/// for as long as that brings something, and as the Api's retry policy allows. Errors of the sink end it and are returned.
Result<void> read_log(Api& api, const std::string& path, const Query& query, const ByteSink& sink);

/// The same of GET …/merged-log, in whole lines: each line of each rank once.
Result<void> read_merged_log(Api& api, const std::string& path, const Query& query, const ByteSink& sink);

}  // namespace muster::client
