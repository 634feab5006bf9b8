#include "model/checks.h"

#include "base/text.h"
#include "model/names.h"

namespace muster::model {
namespace {

/// "<field>.<key>", the key cut and made printable: it may be anything.
std::string place(std::string_view field, std::string_view key) { return fmt::format("{}.{}", field, to_utf8(key.substr(0, 64))); }

}  // namespace

void check_variables(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& variables) {
  if (variables.size() > kMostVariables) {
    in.fault(std::string(field), fmt::format("must have at most {} variables, not {}", kMostVariables, variables.size()));
  }
  std::size_t bytes = 0;
  for (const auto& [name, value] : variables) {
    bytes += name.size() + value.size() + 2;  // as the kernel counts them: '=' and NUL
    if (const auto fault = variable_name_fault(name)) in.fault(place(field, name), "has a name that " + *fault);
    if (value.find('\0') != std::string::npos) in.fault(place(field, name), "must not hold a NUL character");
    if (value.size() > kLongestWord) {
      in.fault(place(field, name), fmt::format("must have at most {} bytes, not {}", kLongestWord, value.size()));
    }
  }
  if (bytes > kMostVariableBytes) {
    in.fault(std::string(field), fmt::format("must have at most {} in all, not {}", human_size(kMostVariableBytes), human_size(bytes)),
             "put large values into a file of the source folder");
  }
}

void check_parameters(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& parameters) {
  if (parameters.size() > kMostParameters)
    in.fault(std::string(field), fmt::format("must have at most {} entries, not {}", kMostParameters, parameters.size()));
  for (const auto& [name, value] : parameters) {
    if (const auto fault = parameter_fault(name, value)) in.fault(place(field, name), *fault);
  }
}

void check_tags(ObjectReader& in, std::string_view field, const std::map<std::string, std::string>& tags) {
  if (tags.size() > kMostTags) in.fault(std::string(field), fmt::format("must have at most {} entries, not {}", kMostTags, tags.size()));
  for (const auto& [key, value] : tags) {
    if (const auto fault = tag_fault(key, value)) in.fault(place(field, key), *fault);
  }
}

}  // namespace muster::model
