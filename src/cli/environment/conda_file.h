#pragma once
// A conda environment file as the part of a definition that it says.

#include <filesystem>
#include <string_view>

#include "base/json.h"

namespace muster::cli {

/// {"python": {…}, "environment_variables": {…}} of a file's text. What its pip list names by a path is seen from `folder`. invalid, with
/// the line, for what is no conda file.
Result<Json> definition_of_conda_file(std::string_view yaml, const std::filesystem::path& folder);

}  // namespace muster::cli
