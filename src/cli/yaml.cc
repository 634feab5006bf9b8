#include "cli/yaml.h"

#include <algorithm>

#include "cli/suggest.h"

namespace muster::cli {

std::string yaml_text(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar() || node.Scalar().empty()) throw YamlFault{node.Mark(), fmt::format("{} must be text", what)};
  return node.Scalar();
}

std::vector<std::string> yaml_texts(const YAML::Node& node, std::string_view what) {
  std::vector<std::string> texts;
  if (node.IsNull()) return texts;
  if (!node.IsSequence()) throw YamlFault{node.Mark(), fmt::format("{} must be a list", what)};
  for (const auto& item : node) texts.push_back(yaml_text(item, fmt::format("an item of {}", what)));
  return texts;
}

YamlFields::YamlFields(const YAML::Node& node, std::string what) : node_(node), what_(std::move(what)) {
  if (!node.IsMap()) throw YamlFault{node.Mark(), fmt::format("{} must have keys", what_.empty() ? "it" : what_)};
}

std::optional<YAML::Node> YamlFields::find(const std::string& key) {
  known_.push_back(key);
  for (const auto& member : node_) {
    if (member.first.Scalar() == key && !member.second.IsNull()) return member.second;
  }
  return std::nullopt;
}

YAML::Mark YamlFields::where(const std::string& key) const {
  for (const auto& member : node_) {
    if (member.first.Scalar() == key) return member.first.Mark();
  }
  return node_.Mark();
}

std::optional<std::string> YamlFields::text(const std::string& key) {
  const auto value = find(key);
  if (!value || (value->IsScalar() && value->Scalar().empty())) return std::nullopt;
  return yaml_text(*value, named(key));
}

bool YamlFields::is_text(const std::string& key) {
  const auto value = find(key);
  return value && value->IsScalar() && !value->Scalar().empty();
}

std::optional<std::int64_t> YamlFields::number(const std::string& key, std::int64_t low, std::int64_t high) {
  const auto value = find(key);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (!value->IsScalar() || !parse_int64(value->Scalar(), number) || number < low || number > high)
    throw YamlFault{value->Mark(), fmt::format("{} must be a whole number from {} to {}", named(key), low, high)};
  return number;
}

bool YamlFields::flag(const std::string& key, bool fallback) {
  const auto value = find(key);
  if (!value) return fallback;
  const std::string word = value->IsScalar() ? to_lower(value->Scalar()) : "";
  if (word != "true" && word != "false") throw YamlFault{value->Mark(), fmt::format("{} must be true or false", named(key))};
  return word == "true";
}

std::vector<std::string> YamlFields::texts(const std::string& key) {
  const auto value = find(key);
  return value ? yaml_texts(*value, named(key)) : std::vector<std::string>();
}

std::map<std::string, std::string> YamlFields::pairs(const std::string& key) {
  std::map<std::string, std::string> pairs;
  const auto value = find(key);
  if (!value) return pairs;
  if (!value->IsMap()) throw YamlFault{value->Mark(), fmt::format("{} must have names and values", named(key))};
  for (const auto& pair : *value) {
    if (!pair.second.IsScalar() && !pair.second.IsNull())
      throw YamlFault{pair.second.Mark(), fmt::format("{}.{} must be text", named(key), pair.first.Scalar())};
    pairs[pair.first.Scalar()] = pair.second.IsNull() ? "" : pair.second.Scalar();
  }
  return pairs;
}

std::optional<YAML::Node> YamlFields::part(const std::string& key) {
  const auto value = find(key);
  if (!value || ((value->IsMap() || value->IsSequence()) && value->size() == 0)) return std::nullopt;
  if (!value->IsMap() && !value->IsSequence()) throw YamlFault{value->Mark(), fmt::format("{} must have keys", named(key))};
  return value;
}

void YamlFields::pass_over(std::initializer_list<const char*> keys) { known_.insert(known_.end(), keys.begin(), keys.end()); }

void YamlFields::finish() const {
  for (const auto& member : node_) {
    const std::string key = to_utf8(member.first.Scalar());
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string meant = nearest(key, known_);
    throw YamlFault{member.first.Mark(), fmt::format("'{}' is not known here", named(key)),
                    meant.empty() ? "" : fmt::format("did you mean {}?", meant)};
  }
}

}  // namespace muster::cli
