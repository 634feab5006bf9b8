#pragma once
// Completion scripts for shells, made from the tree of commands. Pure.

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace muster::cli {

/// `shell`: bash, zsh or fish; invalid for others. Commands and options are completed; values of options as file names.
Result<std::string> completion_script(const Command& root, std::string_view shell);

}  // namespace muster::cli
