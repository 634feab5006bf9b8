#include "cli/environment/conda_file.h"

#include <algorithm>
#include <array>
#include <string>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/yaml.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;

void read_dependencies(const YAML::Node& node, const fs::path& folder, Json& python) {
  if (!node.IsSequence()) throw YamlFault{node.Mark(), "dependencies must be a list"};
  for (const auto& item : node) {
    if (!item.IsMap()) {
      python["conda_packages"].push_back(yaml_text(item, "a dependency"));
      continue;
    }
    for (const auto& part : item) {
      if (part.first.Scalar() != "pip") throw YamlFault{part.first.Mark(), "only pip has a list of its own among the dependencies"};
      for (const std::string& line : yaml_texts(part.second, "pip")) python["pip_packages"].push_back(seen_from(folder, line));
    }
  }
}

Json read_file_of_conda(const YAML::Node& root, const fs::path& folder) {
  if (!root.IsMap()) throw YamlFault{root.Mark(), "it must have keys, such as dependencies"};
  Json definition{{"python", {{"conda_packages", Json::array()}, {"pip_packages", Json::array()}}}};
  bool has_dependencies = false;
  for (const auto& member : root) {
    const std::string key = member.first.Scalar();
    if (key == "channels") {
      definition["python"]["conda_channels"] = yaml_texts(member.second, "channels");
    } else if (key == "dependencies") {
      has_dependencies = true;
      read_dependencies(member.second, folder, definition["python"]);
    } else if (key == "variables") {
      if (!member.second.IsMap()) throw YamlFault{member.second.Mark(), "variables must have names and values"};
      for (const auto& variable : member.second)
        definition["environment_variables"][variable.first.Scalar()] = variable.second.IsScalar() ? variable.second.Scalar() : "";
    } else if (key != "name" && key != "prefix") {
      throw YamlFault{
          member.first.Mark(),
          fmt::format("'{}' is not a key of a conda environment; they are name, channels, dependencies, variables, prefix", to_utf8(key))};
    }
  }
  if (!has_dependencies) throw YamlFault{root.Mark(), "it has no key 'dependencies', so it is not a conda environment file"};
  return definition;
}

}  // namespace

std::string seen_from(const fs::path& folder, const std::string& line) {
  const std::size_t blank = line.find_first_of(" =");
  const std::string option = line.starts_with('-') ? line.substr(0, blank) : "";
  constexpr std::array<std::string_view, 8> kOfFiles{"-r", "--requirement", "-c", "--constraint", "-f", "--find-links", "-e", "--editable"};
  if (!option.empty() && (blank == std::string::npos || std::find(kOfFiles.begin(), kOfFiles.end(), option) == kOfFiles.end())) return line;
  const std::size_t begin = option.empty() ? 0 : line.find_first_not_of(" =", blank);
  if (begin == std::string::npos || line.find("://", begin) != std::string::npos) return line;
  const bool is_path = !option.empty() || line.starts_with('.') || line.substr(0, line.find_first_of(" ;[")).ends_with(".whl");
  if (!is_path) return line;
  const std::string start = option.empty() ? "" : option + " ";
  return start + (folder / line.substr(begin)).lexically_normal().string();
}

Result<Json> definition_of_conda_file(std::string_view yaml, const fs::path& folder) {
  return read_yaml(yaml, [&](const YAML::Node& root) { return read_file_of_conda(root, folder); });
}

}  // namespace muster::cli
