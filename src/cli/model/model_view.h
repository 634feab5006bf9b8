#pragma once
// Models as people read them. Pure.

#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/terminal/style.h"

namespace muster::cli {

std::string model_table(const Json& models, TimeUs now, std::size_t width, const Style& style);
std::string model_text(const Json& model, TimeUs now, std::size_t width, const Style& style);

struct ModelName {
  std::string name;
  std::string version;  ///< a number, or "latest"
};

/// "birds", "birds:2", or "birds" with --version 2. invalid when both say a version and differ.
Result<ModelName> model_name(const std::string& typed, const std::string& version);

}  // namespace muster::cli
