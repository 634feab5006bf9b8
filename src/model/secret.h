#pragma once
// Secrets of a workspace: names that anybody there may see, values that only those see who may use them. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"

namespace muster::model {

inline constexpr std::size_t kLongestSecretName = 127;
inline constexpr std::size_t kLongestSecretValue = 25'600;  ///< bytes
inline constexpr std::size_t kMostSecrets = 10'000;         ///< of a workspace

/// What is to be seen of a secret: never its value.
struct Secret {
  std::string name;
  TimeUs created_at = 0;
  std::string created_by;
  TimeUs updated_at = 0;  ///< when it got its value
  std::string updated_by;
};
Json to_json(const Secret& secret);

/// Why this is no secret's name, or value; nothing when it is.
std::optional<std::string> secret_name_fault(std::string_view name);
std::optional<std::string> secret_value_fault(std::string_view value);

}  // namespace muster::model
