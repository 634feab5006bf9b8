// help_text()

#include <algorithm>

#include "base/text.h"
#include "cli/command.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

constexpr std::size_t kLeastWidth = 40;
constexpr std::size_t kMostWidth = 110;
constexpr std::size_t kLeftColumn = 28;

struct Entry {
  std::string left;
  std::string right;
};

std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  for (const std::string_view word : split(text, ' ')) {
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      lines.push_back(line);
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  lines.push_back(line);
  return lines;
}

std::string render(const std::string& title, const std::vector<Entry>& entries, std::size_t width) {
  if (entries.empty()) return "";
  std::size_t left = 0;
  for (const Entry& entry : entries) {
    if (display_width(entry.left) <= kLeftColumn) left = std::max(left, display_width(entry.left));
  }
  const std::size_t indent = 2 + left + 2;
  std::string text = "\n" + title + ":\n";
  for (const Entry& entry : entries) {
    const bool beside = display_width(entry.left) <= left;
    text += "  " + entry.left;
    text += beside ? std::string(left - display_width(entry.left) + 2, ' ') : "\n" + std::string(indent, ' ');
    bool first = true;
    for (const std::string& line : wrap(entry.right, width - std::min(indent, width - 20))) {
      if (!first) text += std::string(indent, ' ');
      text += line + "\n";
      first = false;
    }
  }
  return text;
}

std::string usage_of(const Command& command, const std::string& path) {
  std::string usage = path;
  if (!command.children().empty()) return usage + " COMMAND";
  for (const Option& option : command.options()) {
    if (option.required) usage += fmt::format(" {} {}", option.names.substr(option.names.rfind(',') + 1), option.value);
  }
  if (std::any_of(command.options().begin(), command.options().end(), [](const Option& option) { return !option.required; }))
    usage += " [OPTION…]";
  for (const Positional& positional : command.positional_arguments()) {
    switch (positional.count) {
      case Positional::Count::one: usage += " " + positional.name; break;
      case Positional::Count::at_most_one: usage += " [" + positional.name + "]"; break;
      case Positional::Count::any: usage += " [" + positional.name + "…]"; break;
    }
  }
  if (command.dashes()) usage += " [-- " + command.dashes()->name + "…]";
  return usage;
}

std::string names_of(const Option& option) {
  std::vector<std::string> names;
  for (const std::string_view name : split(option.names, ',')) names.emplace_back(name);
  std::string text = join(names, ", ");
  if (!option.value.empty()) text += " " + option.value;
  return text;
}

}  // namespace

std::string help_text(const Command& command, const std::string& path, std::size_t width) {
  width = std::clamp(width == 0 ? kMostWidth : width, kLeastWidth, kMostWidth);
  std::string text;
  for (const std::string& line : wrap(command.help(), width)) text += line + "\n";
  text += "\nUsage: " + usage_of(command, path) + "\n";

  std::vector<Entry> entries;
  for (const auto& child : command.children()) {
    if (child->is_hidden()) continue;
    std::string brief = child->help().substr(0, child->help().find(". "));
    if (!child->children().empty()) {
      std::vector<std::string> verbs;
      for (const auto& verb : child->children()) verbs.push_back(verb->name());
      brief += ": " + join(verbs, ", ");
    }
    entries.push_back({child->name(), std::move(brief)});
  }
  text += render("Commands", entries, width);

  entries.clear();
  for (const Positional& positional : command.positional_arguments()) entries.push_back({positional.name, positional.help});
  if (command.dashes()) entries.push_back({"-- " + command.dashes()->name + "…", command.dashes()->help});
  text += render("Arguments", entries, width);

  entries.clear();
  for (const Option& option : command.options()) {
    entries.push_back({names_of(option), option.help + (option.repeat == Option::Repeat::many ? " (may be repeated)" : "") +
                                             (option.required ? " (required)" : "")});
  }
  entries.push_back({"-h, --help", "this text"});
  text += render("Options", entries, width);

  if (!command.examples().empty()) text += "\nExamples:\n";
  for (const std::string& example : command.examples()) text += "  " + example + "\n";
  if (!command.children().empty()) text += "\n`" + path + " COMMAND --help` says more about each.\n";
  return text;
}

}  // namespace muster::cli
