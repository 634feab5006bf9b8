#pragma once
// Why a run failed.

#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace muster::model {

/// `code` is user_error, environment_error, node_lost, start_failed, disk_full, not_kept or internal.
struct RunError {
  std::string code;
  std::string message;
  std::optional<int> rank;
  std::optional<int> node_rank;
  std::optional<int> exit_code;
  std::string signal;           ///< "SIGKILL", or "" when it was not a signal
  std::string traceback;        ///< as the rank printed it; may be empty
  std::string log;              ///< path of the log it was read from; may be empty
  std::string last_lines = {};  ///< of that log, when there is no traceback; may be empty
};
Json to_json(const RunError& error);
Result<RunError> run_error_from_json(const Json& json);

}  // namespace muster::model
