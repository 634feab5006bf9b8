#pragma once
// Open MPI as a machine has it.

#include <map>
#include <string>

#include "base/result.h"

namespace muster::environment {

/// The absolute path of Open MPI's mpirun on the PATH among these variables (the usual one when there is none); not_found names the
/// package.
Result<std::string> find_mpirun(const std::map<std::string, std::string>& variables);

}  // namespace muster::environment
