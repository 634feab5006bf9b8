#include "environment/spec.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "environment/conda_packages.h"
#include "environment/container.h"

namespace muster::environment {
namespace {

constexpr std::array<std::string_view, 4> kProvided{"azureml-defaults", "azureml-core", "azureml-sdk", "muster"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Where the name at the beginning of a requirement ends; 0 for an option, a URL or a path.
std::size_t name_end(std::string_view requirement) {
  const auto is_word = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.'; };
  std::size_t end = 0;
  while (end < requirement.size() && is_word(requirement[end])) ++end;
  if (end == 0 || requirement[0] == '-' || requirement[0] == '.') return 0;
  const std::size_t next = requirement.find_first_not_of(" \t", end);
  const bool ends_name = next == std::string_view::npos ||
                         std::string_view("[<>=!~(;@").find(requirement[next]) != std::string_view::npos ||
                         (next > end && requirement[next] == '-');
  return ends_name ? end : 0;
}

/// A requirement's project name, as PyPI compares them: lower case, runs of "-_." as one "-". "" for what has none.
std::string project_name(std::string_view requirement) {
  std::string name;
  for (const char c : to_lower(requirement.substr(0, name_end(requirement)))) {
    const bool separator = c == '-' || c == '_' || c == '.';
    if (!separator || name.empty() || name.back() != '-') name += separator ? '-' : c;
  }
  return name;
}

bool is_provided(std::string_view requirement) {
  return std::find(kProvided.begin(), kProvided.end(), project_name(requirement)) != kProvided.end();
}

/// One blank for each run of blanks, none at the ends; in a plain "name >= 1.0, < 2" none at all. Behind ';' (a marker), '@' (a URL) and "
/// -" (an option of pip), and in an option, blanks have a meaning; paths and URLs stay as they are.
std::string uniform(std::string_view requirement) {
  while (!requirement.empty() && is_blank(requirement.front())) requirement.remove_prefix(1);
  while (!requirement.empty() && is_blank(requirement.back())) requirement.remove_suffix(1);
  const bool is_named = name_end(requirement) > 0;
  if (!is_named && !requirement.starts_with('-')) return std::string(requirement);
  std::string text;
  for (const char c : requirement) {
    if (!is_blank(c))
      text += c;
    else if (!text.empty() && text.back() != ' ')
      text += ' ';
  }
  if (!is_named) return text;
  const std::size_t plain = std::min({text.find(';'), text.find('@'), text.find(" -"), text.size()});
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(plain);
  text.erase(std::remove(text.begin(), end, ' '), end);
  return text;
}

bool is_plain_version(std::string_view version) {
  return !version.empty() && std::all_of(version.begin(), version.end(), [](char c) { return is_digit(c) || c == '.'; });
}

/// "1.0.0" → "1": versions that differ in these zeros are the same one.
std::string_view without_zeros(std::string_view version) {
  while (version.ends_with(".0")) version.remove_suffix(2);
  return version;
}

bool is_python_or_pip(std::string_view conda_package) {
  const std::string name = conda_package_name(conda_package);
  return name == "python" || name == "pip";
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
  std::vector<std::string> packages;
  for (const std::string& package : definition.conda_packages) {
    if (auto instead = requirement_instead_of(package)) packages.push_back(std::move(*instead));
  }
  for (std::string& package : chosen(definition, false)) packages.push_back(std::move(package));
  return packages;
}

std::vector<std::string> provided_packages(const model::EnvironmentDefinition& definition) { return chosen(definition, true); }

std::vector<FieldError> cannot_be_built(const model::EnvironmentDefinition& definition) {
  std::vector<FieldError> faults;
  for (std::size_t i = 0; i < definition.conda_packages.size() && !definition.user_managed_dependencies; ++i) {
    const std::string& package = definition.conda_packages[i];
    if (is_python_or_pip(package) || requirement_instead_of(package)) continue;
    faults.push_back({fmt::format("python.conda_packages[{}]", i),
                      fmt::format("asks conda for '{}': this version has no conda, and PyPI nothing of that name and version",
                                  to_utf8(package.substr(0, 100))),
                      advice_on_conda_package(package)});
  }
  return faults;
}

std::vector<std::string> notices(const model::EnvironmentDefinition& definition) {
  std::vector<std::string> all;
  if (definition.container && definition.container->is_asked_for() && !needs_container(definition)) {
    const std::string& image = definition.container->base_image;
    all.push_back(fmt::format("the environment asks for {}, and runs without one: the system, CUDA and MPI are the machine's",
                              image.empty() ? "a container" : "a container of the image " + to_utf8(image)));
  }
  std::vector<std::string> instead;
  for (const std::string& package : definition.conda_packages) {
    const auto requirement = requirement_instead_of(package);
    if (requirement && !definition.user_managed_dependencies) instead.push_back(fmt::format("{} as {}", to_utf8(package), *requirement));
    if (conda_package_name(package) == "pip" && to_lower(package) != "pip")
      all.push_back(fmt::format("{} is left out: the pip of the environment's own Python installs", to_utf8(package)));
  }
  if (!instead.empty()) all.push_back("there is no conda, so these of its packages come from PyPI: " + join(instead, ", "));
  return all;
}

std::optional<OtherVersion> not_as_asked(const std::vector<std::string>& packages, const std::vector<std::string>& installed) {
  std::map<std::string, std::string> versions;
  for (const std::string& one : installed) {
    const std::size_t equal = one.find("==");
    if (equal != std::string::npos) versions[project_name(one)] = one.substr(equal + 2);
  }
  for (const std::string& package : packages) {
    const std::size_t equal = package.find("==");
    if (equal == std::string::npos || package.find_first_of(";@, ") != std::string::npos) continue;
    const std::string asked = package.substr(equal + 2);
    const auto found = versions.find(project_name(package));
    if (!is_plain_version(asked) || found == versions.end()) continue;
    // A build of that version ("1.6.0+cpu") is that version.
    if (without_zeros(asked) != without_zeros(found->second.substr(0, found->second.find('+'))))
      return OtherVersion{package, found->second};
  }
  return std::nullopt;
}

model::EnvironmentDefinition locked_to(model::EnvironmentDefinition definition, const std::vector<std::string>& installed) {
  std::vector<std::string> lines;
  std::set<std::string> asked_for;
  for (const std::string& package : packages_to_install(definition)) {
    asked_for.insert(project_name(package));
    if (package.starts_with('-') && !package.starts_with("-e") && !package.starts_with("--editable")) lines.push_back(package);
  }
  for (const std::string& package : installed) {
    const std::string name = project_name(package);
    const bool is_tool = name == "pip" || name == "setuptools" || name == "wheel";
    if (!is_tool || asked_for.contains(name)) lines.push_back(package);
  }
  definition.pip_packages = std::move(lines);
  definition.pip_constraints.clear();
  definition.conda_packages.clear();
  definition.conda_channels.clear();
  definition.version.reset();
  return definition;
}

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
  if (needs_container(definition)) {
    if (!definition.container->base_image.empty()) form += fmt::format("image {}\n", image_reference(*definition.container));
    for (const std::string& line : dockerfile_lines(definition.container->dockerfile)) form += fmt::format("docker {}\n", line);
  }
  if (definition.system_site_packages) form += "system_site_packages\n";
  for (const std::string& package : packages_to_install(definition)) form += fmt::format("pip {}\n", package);
  for (const std::string& line : definition.pip_constraints) form += fmt::format("constraint {}\n", uniform(line));
  return form;
}

std::string environment_hash(const model::EnvironmentDefinition& definition, std::string_view builder, std::string_view interpreter) {
  return sha256_hex(canonical_form(definition, builder, interpreter));
}

}  // namespace muster::environment
