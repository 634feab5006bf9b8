#pragma once
// Lines of a run's logs that hold for a pattern, as `muster run logs --grep` prints them.

#include <optional>
#include <string>

#include "cli/context.h"

namespace muster::cli {

struct GrepOptions {
  std::optional<std::string> pattern;
  bool literal = false;
  bool ignore_case = false;
  std::optional<std::int64_t> context;
};

/// Of the log `file`, or of all driver logs when it is "". One line a match, its number in front, the log's name too where there are
/// several; with --json one object a match.
Result<Exit> grep_logs(Context& context, client::Api& api, const std::string& run_id, const std::string& file,
                       std::optional<std::int64_t> attempt, const GrepOptions& options);

/// A match as text: "12:Epoch 3", lines around it as "11-Epoch 2". Pure.
std::string match_text(const Json& match, const std::string& label, const Style& style);

}  // namespace muster::cli
