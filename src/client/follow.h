#pragma once
// Follows a run to its end over the event stream, through restarts of the server.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/result.h"
#include "client/server_api.h"

namespace muster::client {

/// A piece of a log as it arrives. Every byte of a log comes once, in order; the logs of one attempt before those of the next.
struct LogPiece {
  std::string path;
  int node_rank = 0;
  int attempt = 1;
  std::uint64_t offset = 0;
  std::string bytes;
  Json event;  ///< as the server sent it
};

struct FollowHandlers {
  std::function<Result<void>(const Json& run)> on_status;     ///< at once, and at each change
  std::function<Result<void>(const LogPiece& piece)> on_log;  ///< absent: no logs are asked for
};

/// Blocks until the run has ended; returns the run. A lost stream is taken up again where it stopped. Errors of the handlers end it and are
/// returned; unavailable "stopped" when the Api was stopped; unavailable when the server stays away for longer than the Api's retry policy
/// allows.
Result<Json> follow_run(Api& api, const std::string& run_id, const FollowHandlers& handlers);

/// The bytes of a log event: its `text`, or its `base64` decoded. malformed when it has neither.
Result<LogPiece> log_piece_of(const Json& event);

}  // namespace muster::client
