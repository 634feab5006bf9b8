#pragma once
// An environment as it is typed: NAME, or NAME:VERSION.

#include <optional>
#include <string>

#include "client/server_api.h"

namespace muster::cli {

struct EnvironmentReference {
  std::string name;
  std::optional<std::string> version;  ///< nothing: the newest

  client::Query query() const { return version ? client::Query{{"version", *version}} : client::Query{}; }
};

inline EnvironmentReference environment_reference(const std::string& typed) {
  const std::size_t colon = typed.find(':');
  if (colon == std::string::npos) return {typed, std::nullopt};
  return {typed.substr(0, colon), typed.substr(colon + 1)};
}

}  // namespace muster::cli
