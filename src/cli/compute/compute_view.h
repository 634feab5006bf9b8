#pragma once
// Compute targets as people read them. Pure.

#include <string>

#include "base/json.h"
#include "cli/terminal/style.h"

namespace muster::cli {

std::string compute_table(const Json& targets, std::size_t width, const Style& style);
std::string compute_text(const Json& target, std::size_t width, const Style& style);

}  // namespace muster::cli
