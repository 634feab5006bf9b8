#pragma once
// The rules for names, in one place. Each returns the fault in words, or nothing when the name is fine.

#include <optional>
#include <string>
#include <string_view>

namespace muster::model {

std::optional<std::string> experiment_name_fault(std::string_view name);                    ///< ^[a-zA-Z0-9][\w\-]{0,254}$
std::optional<std::string> run_id_fault(std::string_view name);                             ///< ^[a-zA-Z0-9][\w\-]{0,254}$
std::optional<std::string> workspace_name_fault(std::string_view name);                     ///< ^[a-zA-Z0-9][\w\-]{2,32}$
std::optional<std::string> compute_name_fault(std::string_view name);                       ///< ^[a-zA-Z][a-zA-Z0-9\-]{1,15}$
std::optional<std::string> model_name_fault(std::string_view name);                         ///< ^[a-zA-Z0-9][a-zA-Z0-9\-\._]{0,254}$
std::optional<std::string> environment_name_fault(std::string_view name);                   ///< ^[a-zA-Z0-9][\w\-\.]{0,254}$
std::optional<std::string> user_name_fault(std::string_view name);                          ///< ^[a-zA-Z0-9][\w\-\.@\+]{0,63}$
std::optional<std::string> tag_fault(std::string_view key, std::string_view value);         ///< key 1–255, value ≤ 5,000 characters
std::optional<std::string> parameter_fault(std::string_view name, std::string_view value);  ///< name 1–250, value ≤ 6,000 characters
std::optional<std::string> variable_name_fault(std::string_view name);                      ///< ^[A-Za-z_][A-Za-z0-9_]*$, ≤ 255
std::optional<std::string> description_fault(std::string_view text);                        ///< at most 5,000 characters; may be empty
std::optional<std::string> display_name_fault(std::string_view name);  ///< one line of at most 256 characters; may be empty

}  // namespace muster::model
