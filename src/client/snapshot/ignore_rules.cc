#include "client/snapshot/ignore_rules.h"

#include "base/text.h"

namespace muster::client {
namespace {

/// Drops the spaces at the end, but for one that a backslash keeps.
std::string_view without_trailing_spaces(std::string_view line) {
  std::size_t end = line.find_last_not_of(' ');
  end = end == std::string_view::npos ? 0 : end + 1;
  std::size_t backslashes = 0;
  while (backslashes < end && line[end - 1 - backslashes] == '\\') ++backslashes;
  if (backslashes % 2 == 1 && end < line.size()) ++end;
  return line.substr(0, end);
}

}  // namespace

std::string_view own_ignore_rules() {
  return ".git/\n.azureml/\n.muster/\n__pycache__/\n.ipynb_checkpoints/\n/outputs/\n/logs/\n/azureml-logs/\n";
}

std::optional<IgnoreRules::Rule> IgnoreRules::parse(std::string_view line) {
  if (!line.empty() && line.front() == '#') return std::nullopt;
  line = without_trailing_spaces(line);
  Rule rule;
  if (!line.empty() && line.front() == '!') {
    rule.takes_back = true;
    line.remove_prefix(1);
  }
  if (!line.empty() && line.back() == '/') {
    rule.folders_only = true;
    line.remove_suffix(1);
  }
  if (line.empty()) return std::nullopt;
  rule.whole_path = line.find('/') != std::string_view::npos;
  if (line.front() == '/') line.remove_prefix(1);
  if (line.find_first_of("*?[\\") == std::string_view::npos) {
    rule.literal = line;
    return rule;
  }
  rule.wild = WildPattern::compile(line);
  if (!rule.wild) return std::nullopt;
  return rule;
}

void IgnoreRules::add(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  for (std::string_view line : split(text, '\n')) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (auto rule = parse(line)) rules_.push_back(std::move(*rule));
  }
}

bool IgnoreRules::ignores(std::string_view path, EntryKind kind) const {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && kind != EntryKind::folder) continue;
    const std::string_view subject = rule->whole_path ? path : name;
    if (rule->wild ? rule->wild->matches(subject) : rule->literal == subject) return !rule->takes_back;
  }
  return false;
}

bool IgnoreRules::ignores_below(std::string_view path, EntryKind kind) const {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (ignores(path.substr(0, slash), EntryKind::folder)) return true;
  }
  return ignores(path, kind);
}

}  // namespace muster::client
