#pragma once
// The Python SDK, which this binary carries (cmake/sdk.cmake), as a folder for PYTHONPATH.

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace muster::runner {

/// The tar archive of python/muster and python/azureml inside this binary.
std::string_view embedded_sdk();

/// `home`/sdk/<hash of the archive>, unpacked by whoever comes first; others, at the same time too, find it whole or unpack their own and
/// keep the first. Blocks on the disk.
Result<std::filesystem::path> unpack_sdk(const std::filesystem::path& home, std::string_view archive = embedded_sdk());

}  // namespace muster::runner
