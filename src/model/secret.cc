#include "model/secret.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {

Json to_json(const Secret& secret) {
  return {{"name", secret.name},
          {"created_at", to_rfc3339(secret.created_at)},
          {"created_by", secret.created_by},
          {"updated_at", to_rfc3339(secret.updated_at)},
          {"updated_by", secret.updated_by}};
}

std::optional<std::string> secret_name_fault(std::string_view name) {
  const auto is_allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
  if (!name.empty() && name.size() <= kLongestSecretName && std::all_of(name.begin(), name.end(), is_allowed)) return std::nullopt;
  return fmt::format("must be 1 to {} letters, digits, '-' and '_'", kLongestSecretName);
}

std::optional<std::string> secret_value_fault(std::string_view value) {
  if (value.empty()) return "must not be empty";
  if (value.size() > kLongestSecretValue) return fmt::format("is longer than {} bytes", kLongestSecretValue);
  if (value.find('\0') != std::string_view::npos) return "must not contain a null character";
  return std::nullopt;
}

}  // namespace muster::model
