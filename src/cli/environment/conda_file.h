#pragma once
// A conda environment file as the part of a definition that it says.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"

namespace muster::cli {

/// {"python": {…}, "environment_variables": {…}} of a file's text. What its pip list names by a path is seen from `folder`. invalid, with
/// the line, for what is no conda file.
/// A line of pip's requirements in which a path that is relative to `folder` has become absolute; the rest is as it was written.
std::string seen_from(const std::filesystem::path& folder, const std::string& line);

Result<Json> definition_of_conda_file(std::string_view yaml, const std::filesystem::path& folder);

}  // namespace muster::cli
