#pragma once
// What was put back of earlier attempts' outputs (.muster/restored.json): a file that is still as it was put back was not written by this
// node.

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"

namespace muster::runner {

/// sha256 by path: "outputs/model/net.pt".
using RestoredOutputs = std::map<std::string, std::string>;

/// Replaces the file whole: a runner that takes over reads it.
Result<void> save_restored(const RestoredOutputs& restored, const std::filesystem::path& path);
/// Empty when nothing was put back.
Result<RestoredOutputs> load_restored(const std::filesystem::path& path);

}  // namespace muster::runner
