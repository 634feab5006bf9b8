#pragma once
// A virtual environment made by `python -m venv` and filled by pip, wherever that Python runs.

#include <string>
#include <string_view>
#include <vector>

#include "environment/build_steps.h"

namespace muster::environment {

/// Makes the request's folder, and installs what its plan asks for; what is there then, as pip lists it. Errors name the package, or what
/// the Python lacks.
Result<std::vector<std::string>> install_by_pip(const BuildRequest& request, const BuildSteps& steps);

/// Writes what is to be installed into the folder; the words "-r FILE", and "-c FILE" where there are constraints.
Result<std::vector<std::string>> requirement_files(const BuildRequest& request);

/// What an installer's listing names.
std::vector<std::string> requirements_in(std::string_view text);

}  // namespace muster::environment
