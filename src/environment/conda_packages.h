#pragma once
// Conda packages that PyPI has under the same name and version, so that pip can install them where there is no conda. Pure.

#include <optional>
#include <string>
#include <string_view>

namespace muster::environment {

/// conda's name for it, in lower case, without channel and version: "conda-forge::NumPy=1.19" → "numpy".
std::string conda_package_name(std::string_view package);

/// What pip is asked for instead: "numpy=1.19" → "numpy==1.19.*". Nothing when PyPI does not have it, or when the version is given in a way
/// that pip has no words for.
std::optional<std::string> requirement_instead_of(std::string_view conda_package);

/// What a person can do about a conda package for which there is nothing instead, as a sentence without its stop.
std::string advice_on_conda_package(std::string_view conda_package);

}  // namespace muster::environment
