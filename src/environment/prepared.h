#pragma once

#include <filesystem>
#include <string>

namespace muster::environment {

/// What a run needs of its environment once it is there. Kept with the run.
struct Prepared {
  std::string interpreter;       ///< absolute path
  std::filesystem::path folder;  ///< of the built environment; "" for the system's
  std::string hash;
};

}  // namespace muster::environment
