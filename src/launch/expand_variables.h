#pragma once
// $VAR in arguments. Stands alone on the standard library: the small static program that wraps MPI ranks uses it too.

#include <map>
#include <string>
#include <string_view>

namespace muster::launch {

/// Expands $VAR and ${VAR} as a shell would, "" for unknown names; "$$" stays. Nothing else of a shell's language.
std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& variables);

}  // namespace muster::launch
