#pragma once
// Builds a virtual environment with pip packages.

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "process/group.h"

namespace muster::environment {

struct VenvRequest {
  std::filesystem::path folder;                  ///< made here; must not be there
  std::string interpreter;                       ///< what it is made of
  std::vector<std::string> packages;             ///< lines of a requirements file
  std::map<std::string, std::string> variables;  ///< of the machine: pip's configuration, proxies, HOME
};

/// Makes the environment and returns what pip installed, one "name==version" a line of `pip freeze`. Not durable yet. On failure the folder
/// is left half-made. invalid names the package that failed; unavailable when this Python cannot make environments, saying what to install.
/// Blocks; stop and deadline as run_command.
Result<std::vector<std::string>> build_venv(const VenvRequest& request, const process::ProcessGroup& group,
                                            std::chrono::steady_clock::time_point deadline,
                                            const std::function<void(std::string_view)>& on_log, const std::function<Result<void>()>& stop);

}  // namespace muster::environment
