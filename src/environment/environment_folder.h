#pragma once
// One built environment on disk, shared by every process that uses the same root:
//
//   <root>/<hash>/             the virtual environment
//   <root>/<hash>/muster.json  written last: the environment is there when this is
//   <root>/<hash>.log          what its last build wrote
//   <root>/<hash>.group        while it is built: the group of the builder's processes, so that whoever comes after a killed builder can
//   end them <root>/<hash>.lock         held (flock) by whoever builds; the kernel lets go of it when that process dies

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "environment/prepared.h"

namespace muster::environment {

struct BuildRequest {
  std::filesystem::path root;
  std::string hash;
  std::string interpreter;
  std::vector<std::string> packages;
  std::vector<std::string> provided;             ///< asked for and left out, for the log
  std::map<std::string, std::string> variables;  ///< of the machine
};

/// The environment, when it is there whole, its Python can be started and the Python that it was made of is still the same. An error when
/// its marker cannot be read now.
Result<std::optional<Prepared>> find_built(const std::filesystem::path& root, const std::string& hash);

/// Builds it, unless another process does, whose log is then followed. What a dead builder left (files and processes) is cleared away
/// first; a failure leaves nothing but the log. Blocks; errors as build_venv.
Result<Prepared> build_once(const BuildRequest& request, std::chrono::steady_clock::time_point deadline,
                            const std::function<void(std::string_view)>& on_log, const std::function<Result<void>()>& stop);

/// Ends the processes of builders that died, and removes what they had half made. Builds that somebody still holds the lock of are left
/// alone. Blocks until those processes are gone (10 s each at most); what cannot be ended is logged.
void clear_dead_builds(const std::filesystem::path& root);

}  // namespace muster::environment
