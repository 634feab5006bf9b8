#include "launch/expand_variables.h"

#include "base/text.h"

namespace muster::launch {
namespace {

bool starts_name(char c) { return is_letter(c) || c == '_'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c); }

/// The name at the start of `text`, "" when there is none.
std::string_view leading_name(std::string_view text) {
  if (text.empty() || !starts_name(text[0])) return {};
  std::size_t end = 1;
  while (end < text.size() && continues_name(text[end])) ++end;
  return text.substr(0, end);
}

}  // namespace

std::string expand_variables(std::string_view text, const std::map<std::string, std::string>& variables) {
  std::string expanded;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    expanded += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      expanded += "$$";
      text.remove_prefix(2);
      continue;
    }
    const bool braced = text.starts_with("${");
    const std::string_view name = leading_name(text.substr(braced ? 2 : 1));
    const std::size_t end = name.size() + (braced ? 2 : 1);
    if (name.empty() || (braced && text.substr(end, 1) != "}")) {
      expanded += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto value = variables.find(std::string(name));
    if (value != variables.end()) expanded += value->second;
    text.remove_prefix(end + (braced ? 1 : 0));
  }
  return expanded;
}

}  // namespace muster::launch
