#pragma once
// uv, which installs what pip does in less time, told what pip is configured to do. Pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::environment {

/// What uv has to be told so that it does what pip would under the machine's configuration.
struct UvSettings {
  std::vector<std::string> install;              ///< words for `uv pip install`
  std::map<std::string, std::string> variables;  ///< for all its commands
};

/// From what `pip config list` says. Where uv has settings of its own (its variables, uv.toml) these are left to it; pip's come in
/// addition. invalid, naming the setting, when pip has one that uv has no words for: then pip has to install.
Result<UvSettings> uv_settings(std::string_view pip_config_list);

}  // namespace muster::environment
