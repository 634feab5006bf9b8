#include "environment/spec.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/text.h"

namespace muster::environment {
namespace {

constexpr std::array<std::string_view, 4> kProvided{"azureml-defaults", "azureml-core", "azureml-sdk", "muster"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// A requirement's project name, as PyPI compares them: lower case, runs of "-_." as one "-". "" for an option such as "--index-url …".
std::string project_name(std::string_view requirement) {
  std::string name;
  for (const char c : requirement) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (separator && name.empty()) return "";
    if (separator && name.back() == '-') continue;
    const bool word = is_letter(c) || is_digit(c);
    if (!separator && !word) break;
    name += separator ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  }
  return name;
}

bool is_provided(std::string_view requirement) {
  return std::find(kProvided.begin(), kProvided.end(), project_name(requirement)) != kProvided.end();
}

/// One blank for each run of blanks, none at the ends; in a plain "name >= 1.0, < 2" none at all. Behind ';' (a marker) and '@' (a URL),
/// and in an option, blanks have a meaning.
std::string uniform(std::string_view requirement) {
  std::string text;
  for (const char c : requirement) {
    if (!is_blank(c))
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  if (text.ends_with(' ')) text.pop_back();
  if (text.starts_with('-')) return text;
  const std::size_t plain = std::min(text.find(';'), text.find('@'));
  const auto end = plain == std::string::npos ? text.end() : text.begin() + static_cast<std::ptrdiff_t>(plain);
  text.erase(std::remove(text.begin(), end, ' '), end);
  return text;
}

std::vector<std::string> chosen(const model::EnvironmentDefinition& definition, bool provided) {
  std::vector<std::string> packages;
  for (const std::string& package : definition.pip_packages) {
    std::string text = uniform(package);
    if (!text.empty() && is_provided(text) == provided) packages.push_back(provided ? package : std::move(text));
  }
  return packages;
}

}  // namespace

std::vector<std::string> packages_to_install(const model::EnvironmentDefinition& definition) {
  if (definition.user_managed_dependencies) return {};
  return chosen(definition, false);
}

std::vector<std::string> provided_packages(const model::EnvironmentDefinition& definition) { return chosen(definition, true); }

std::string interpreter_wanted(const model::EnvironmentDefinition& definition) {
  const bool any_python = definition.interpreter_path == "python" || definition.interpreter_path == "python3";
  if (!definition.python_version || !any_python || definition.user_managed_dependencies) return definition.interpreter_path;
  const auto parts = split(*definition.python_version, '.');
  const bool has_minor = parts.size() > 1 && parts[1] != "*";
  return has_minor ? fmt::format("python{}.{}", parts[0], parts[1]) : fmt::format("python{}", parts[0]);
}

std::string canonical_form(const model::EnvironmentDefinition& definition, std::string_view builder, std::string_view interpreter) {
  std::string form = fmt::format("muster-environment v1\nbuilder {}\n", builder);
  if (!interpreter.empty()) form += fmt::format("interpreter {}\n", interpreter);
  for (const std::string& package : packages_to_install(definition)) form += fmt::format("pip {}\n", package);
  return form;
}

std::string environment_hash(const model::EnvironmentDefinition& definition, std::string_view builder, std::string_view interpreter) {
  return sha256_hex(canonical_form(definition, builder, interpreter));
}

}  // namespace muster::environment
