#pragma once
// One program run to its end for its output, with a way to stop it.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "process/group.h"
#include "process/spawn.h"

namespace muster::environment {

struct Command {
  std::vector<std::string> words;                ///< argv
  std::map<std::string, std::string> variables;  ///< the whole environment, the group's not included
  std::filesystem::path folder;                  ///< working folder
};

/// Runs the program in `group` and gives stdout and stderr to `on_output` as they come, on this thread. When `stop` (asked every 100 ms)
/// answers with an error, or `deadline` passes, all of the group is killed and that error, or timeout, is returned. Blocks.
Result<process::Ended> run_command(const Command& command, const process::ProcessGroup& group,
                                   std::chrono::steady_clock::time_point deadline, const std::function<void(std::string_view)>& on_output,
                                   const std::function<Result<void>()>& stop);

}  // namespace muster::environment
