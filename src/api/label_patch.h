#pragma once
// Changes to tags: {"k": "v"} sets, {"k": null} removes.

#include <map>
#include <optional>
#include <string>

#include "base/json.h"

namespace muster::api {

/// Faults go to `in`.
std::map<std::string, std::optional<std::string>> read_label_patch(ObjectReader& in, std::string_view field);
/// Tags or properties to set.
std::map<std::string, std::string> read_labels(ObjectReader& in, std::string_view field);

}  // namespace muster::api
