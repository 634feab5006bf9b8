// parse_command_line(): CLI11 does the reading.

#include <algorithm>

#include <CLI/CLI.hpp>

#include "base/text.h"
#include "cli/command.h"
#include "cli/suggest.h"

namespace muster::cli {
namespace {

constexpr int kMostValues = 10'000;

/// What the setters of options found wrong; CLI11's callbacks can only say yes or no.
struct Fault {
  std::optional<Error> error;
};

/// What the words of the API are made of is UTF-8; the name of a file of this machine is any bytes.
bool may_be_bytes(const std::string& value_name) { return value_name == "FILE" || value_name == "DIR" || value_name == "PATH"; }

/// invalid when the value is not UTF-8: changed silently, it would be another one.
Result<void> check_utf8(const std::string& name, const std::string& value) {
  if (is_utf8(value)) return {};
  return fail(Code::invalid, "{}: \"{}\" is not UTF-8", name, to_utf8(value));
}

/// invalid for an empty word where a path or an id must stand: it would be taken for the current folder, or for a list.
Result<void> check_given(const std::string& name, const std::string& value) {
  if (!value.empty()) return {};
  return fail(Code::invalid, "{} is empty", name);
}

std::string longest_name(const Option& option) { return option.names.substr(option.names.rfind(',') + 1); }

void add_option(CLI::App& app, const Option& option, Fault& fault) {
  if (option.value.empty()) {
    app.add_flag_callback(option.names, [&option] { (void)option.set(""); });
    return;
  }
  auto* added = app.add_option(option.names, [&option, &fault](const CLI::results_t& values) {
    if (option.repeat == Option::Repeat::once && values.size() > 1) {
      fault.error = Error{Code::invalid, fmt::format("{} may be given once, not {} times", longest_name(option), values.size()), "", {}};
      return false;
    }
    for (const std::string& value : values) {
      auto set = may_be_bytes(option.value) ? check_given(longest_name(option), value) : check_utf8(longest_name(option), value);
      if (set) set = option.set(value);
      if (set) continue;
      fault.error = std::move(set).error();
      return false;
    }
    return true;
  });
  // Not `expected(-1)` with extra arguments: CLI11 would take "[a,b]" for a list, and the words after a value for more values.
  added->type_size(1)->expected(1)->allow_extra_args(false);
  added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (option.required) added->required();
}

void add_positional(CLI::App& app, const Positional& positional, Fault& fault) {
  auto* added = app.add_option(positional.name, [&positional, &fault](const CLI::results_t& values) {
    for (const std::string& value : values) {
      auto checked = check_given(positional.name, value);
      if (checked) checked = check_utf8(positional.name, value);
      if (!checked) {
        fault.error = std::move(checked).error();
        return false;
      }
      positional.set(value);
    }
    return true;
  });
  switch (positional.count) {
    case Positional::Count::one: added->required()->type_size(1)->expected(1); break;
    case Positional::Count::at_most_one: added->type_size(1)->expected(1); break;
    case Positional::Count::any:
      added->type_size(1)->expected(1, kMostValues)->allow_extra_args()->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      break;
  }
}

void build(CLI::App& app, const Command& command, Fault& fault) {
  for (const Option& option : command.options()) add_option(app, option, fault);
  for (const Positional& positional : command.positional_arguments()) add_positional(app, positional, fault);
  for (const auto& child : command.children()) build(*app.add_subcommand(child->name(), child->help()), *child, fault);
}

/// Follows the names of commands as far as they go; for errors, which come before CLI11 knows where it was.
Parsed locate(const Command& root, const std::vector<std::string>& words) {
  Parsed parsed{&root, root.name(), false};
  for (const std::string& word : words) {
    if (word == "-h" || word == "--help") parsed.wants_help = true;
    if (!word.empty() && word.front() == '-') continue;
    for (const auto& child : parsed.command->children()) {
      if (child->name() != word) continue;
      parsed.command = child.get();
      parsed.path += " " + word;
      break;
    }
  }
  return parsed;
}

std::vector<std::string> words_known_to(const Command& command) {
  std::vector<std::string> known;
  for (const auto& child : command.children()) {
    if (!child->is_hidden()) known.push_back(child->name());
  }
  for (const Option& option : command.options()) {
    for (const std::string_view name : split(option.names, ',')) known.emplace_back(name);
  }
  return known;
}

Error wrong_use(const Command& command, const std::string& path, std::string detail, const std::string& word) {
  const std::string meant = word.empty() ? "" : nearest(word, words_known_to(command));
  std::string hint = meant.empty() ? fmt::format("see `{} --help`", path) : fmt::format("did you mean `{}`? see `{} --help`", meant, path);
  return Error{Code::invalid, fmt::format("{}: {}", path, detail), std::move(hint), {}};
}

/// Whether the option is called so.
bool has_name(const Option& option, std::string_view name) {
  const auto names = split(option.names, ',');
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// An option that has no value and needs one, or has one and takes none: CLI11 says "NAME: …" or "…: NAME = VALUE".
std::optional<Error> wrong_value(const CLI::ParseError& error, const Parsed& where) {
  const bool missing = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
  if (!missing && dynamic_cast<const CLI::ConversionError*>(&error) == nullptr) return std::nullopt;
  std::string name = error.what();
  if (!missing) name = name.substr(std::min(name.size(), name.find(": ") + 2));
  name = name.substr(0, name.find_first_of(": ="));
  for (const Option& option : where.command->options()) {
    if (!has_name(option, name)) continue;
    const std::string what =
        option.value.empty() ? fmt::format("{} takes no value", name) : fmt::format("{} needs a value: {} {}", name, name, option.value);
    return wrong_use(*where.command, where.path, what, "");
  }
  return std::nullopt;
}

/// The word that nothing here takes.
Error unexpected_word(const CLI::ParseError& error, const Parsed& where, const std::vector<std::string>& words) {
  // The first word that is neither a command nor an option of where we are. After a whole command's name options come first, since what
  // follows an unknown one is unexpected, too.
  std::vector<std::string> in_order = words;
  if (where.command->children().empty()) {
    std::stable_partition(in_order.begin(), in_order.end(), [](const std::string& word) { return word.starts_with('-'); });
  }
  const std::string text = std::string(error.what()) + " ";
  // One letter of several after one dash is not a word of its own: only CLI11 knows it.
  std::string name = text.substr(std::min(text.size(), text.find(": ") + 2));
  name = name.substr(0, name.find(' '));
  for (const std::string& word : in_order) {
    if (word.empty() || text.find(" " + word + " ") == std::string::npos || where.path.find(" " + word) != std::string::npos) continue;
    name = word.substr(0, word.find('='));
    break;
  }
  if (name.empty()) return wrong_use(*where.command, where.path, "one argument is empty", "");
  const bool option = name.front() == '-';
  const bool no_such_command = !option && !where.command->children().empty();
  const char* kind = option ? "there is no option" : no_such_command ? "there is no command" : "unexpected argument";
  return wrong_use(*where.command, where.path, fmt::format("{} `{}`", kind, to_utf8(name)), name);
}

Error translate(const CLI::ParseError& error, const Parsed& where, const std::vector<std::string>& words) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return unexpected_word(error, where, words);
  if (auto found = wrong_value(error, where)) return std::move(*found);
  if (const auto* required = dynamic_cast<const CLI::RequiredError*>(&error)) {
    std::string what = required->what();
    const std::size_t end = what.find(" is required");
    return wrong_use(*where.command, where.path, fmt::format("{} is missing", end == std::string::npos ? what : what.substr(0, end)), "");
  }
  return wrong_use(*where.command, where.path, to_utf8(error.what()), "");
}

}  // namespace

Result<Parsed> parse_command_line(const Command& root, const std::vector<std::string>& words) {
  // Everything after the first "--" belongs to the script and is not parsed.
  const auto dashes = std::find(words.begin(), words.end(), "--");
  const std::vector<std::string> ours(words.begin(), dashes);
  Parsed parsed = locate(root, ours);
  if (parsed.wants_help) return parsed;

  CLI::App app;
  Fault fault;
  app.set_help_flag("");
  build(app, root, fault);
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) sub->set_help_flag("");
  try {
    app.parse(std::vector<std::string>(ours.rbegin(), ours.rend()));
  } catch (const CLI::ParseError& error) {
    if (fault.error) return tl::unexpected(wrong_use(*parsed.command, parsed.path, fault.error->detail, ""));
    return tl::unexpected(translate(error, parsed, ours));
  }

  parsed = {&root, root.name(), false};
  for (CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    const auto child = std::find_if(parsed.command->children().begin(), parsed.command->children().end(),
                                    [&](const auto& one) { return one->name() == at->get_name(); });
    parsed.command = child->get();
    parsed.path += " " + at->get_name();
  }
  if (dashes != words.end()) {
    if (!parsed.command->dashes()) return tl::unexpected(wrong_use(*parsed.command, parsed.path, "takes nothing after `--`", ""));
    const Positional& taken = *parsed.command->dashes();
    for (auto word = std::next(dashes); word != words.end(); ++word) {
      if (auto checked = check_utf8(taken.name, *word); !checked)
        return tl::unexpected(wrong_use(*parsed.command, parsed.path, checked.error().detail, ""));
      taken.set(*word);
    }
  }
  return parsed;
}

}  // namespace muster::cli
