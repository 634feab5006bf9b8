#pragma once
// What an Azure size of machine means here: the file vm_sizes.yaml in the server's home (docs/slurm.md). Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace muster::api {

inline constexpr const char* kVmSizesFile = "vm_sizes.yaml";

/// The engine_options that a target of that size gets: those that the file's text gives to it, and how many processors, how much memory and
/// how many GPUs Azure's machine of that size has, where the file does not say. The case of letters makes no difference. invalid: the file
/// is not such a file, does not name the size, or names no partition for it.
Result<Json> options_of_vm_size(std::string_view file, const std::string& vm_size);

}  // namespace muster::api
