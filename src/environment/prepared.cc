#include "environment/prepared.h"

#include <filesystem>

#include <nlohmann/json.hpp>

namespace muster::environment {
namespace {

/// An absolute path stays as it is.
std::string below(const std::string& root, const std::string& path) { return (std::filesystem::path(root) / path).string(); }

std::string with_root(std::string text, const std::string& root) {
  constexpr std::string_view kPlace = "{root}";
  for (std::size_t at = 0; (at = text.find(kPlace, at)) != std::string::npos; at += root.size()) text.replace(at, kPlace.size(), root);
  return text;
}

}  // namespace

std::string interpreter_of(const Prepared& prepared) {
  return prepared.interpreter.empty() ? "" : below(prepared.root, prepared.interpreter);
}

std::vector<std::string> path_of(const Prepared& prepared) {
  std::vector<std::string> folders;
  for (const std::string& folder : prepared.path) folders.push_back(below(prepared.root, folder));
  return folders;
}

std::map<std::string, std::string> variables_of(const Prepared& prepared) {
  std::map<std::string, std::string> variables = prepared.variables;
  for (auto& [name, value] : variables) value = with_root(std::move(value), prepared.root);
  return variables;
}

Json to_json(const Prepared& prepared) {
  return {
      {"hash", prepared.hash},     {"builder", prepared.builder}, {"root", prepared.root},          {"interpreter", prepared.interpreter},
      {"prefix", prepared.prefix}, {"path", prepared.path},       {"variables", prepared.variables}};
}

Result<Prepared> prepared_from_json(const Json& json) {
  ObjectReader in(json, ObjectReader::OtherKeys::ignored);
  Prepared prepared;
  prepared.hash = in.text("hash");
  prepared.builder = in.text("builder");
  prepared.root = in.text("root");
  prepared.interpreter = in.text("interpreter");
  prepared.prefix = in.texts_or_empty("prefix");
  prepared.path = in.texts_or_empty("path");
  prepared.variables = in.text_map_or_empty("variables");
  MUSTER_TRY(in.finish("prepared environment"));
  return prepared;
}

}  // namespace muster::environment
