#pragma once
// The command line as a tree of commands: what each is called, takes and does. The parser (CLI11), help and shell completion all read this
// tree.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/exit_code.h"

namespace muster::cli {

struct Option {
  std::string names;  ///< "--follow" or "-f,--follow"
  std::string value;  ///< what it takes, in capitals ("N", "K=V"); "" for a flag
  std::string help;
  enum class Repeat { once, many } repeat = Repeat::once;
  bool required = false;
  std::function<Result<void>(const std::string&)> set;  ///< called for each value ("" for a flag)
};

struct Positional {
  std::string name;  ///< in capitals
  std::string help;
  enum class Count { one, at_most_one, any } count = Count::one;
  std::function<void(const std::string&)> set;
};

/// One command, or a noun with commands below it. Variables that options write to must live as long as the tree.
class Command {
 public:
  using Action = std::function<Result<Exit>()>;

  Command(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}

  /// Adds a noun; its commands are added to what is returned.
  Command& noun(std::string name, std::string help);
  /// Adds a command that does something.
  Command& verb(std::string name, std::string help, Action action);

  Command& flag(std::string names, bool& target, std::string help);
  Command& option(std::string names, std::string value, std::string& target, std::string help);
  Command& option(std::string names, std::string value, std::optional<std::string>& target, std::string help);
  Command& option(std::string names, std::string value, std::optional<std::int64_t>& target, std::string help);
  /// May be given several times.
  Command& option(std::string names, std::string value, std::vector<std::string>& target, std::string help);
  /// Makes the option that was added last required.
  Command& required();

  Command& positional(std::string name, std::string& target, std::string help);
  Command& optional_positional(std::string name, std::string& target, std::string help);
  Command& positionals(std::string name, std::vector<std::string>& target, std::string help);
  /// Takes what follows "--".
  Command& after_dashes(std::string name, std::vector<std::string>& target, std::string help);

  Command& example(std::string line);
  Command& hidden();

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  const std::vector<std::unique_ptr<Command>>& children() const { return children_; }
  const std::vector<Option>& options() const { return options_; }
  const std::vector<Positional>& positional_arguments() const { return positionals_; }
  const std::vector<std::string>& examples() const { return examples_; }
  const std::optional<Positional>& dashes() const { return dashes_; }
  const Action& action() const { return action_; }
  bool is_hidden() const { return hidden_; }

 private:
  Command& add(Option option);

  std::string name_;
  std::string help_;
  Action action_;
  std::vector<std::unique_ptr<Command>> children_;
  std::vector<Option> options_;
  std::vector<Positional> positionals_;
  std::vector<std::string> examples_;
  std::optional<Positional> dashes_;
  bool hidden_ = false;
};

/// What a command line asks for.
struct Parsed {
  const Command* command = nullptr;  ///< the deepest command that was named
  std::string path;                  ///< "muster run submit"
  bool wants_help = false;
};

/// Reads the words after the program's name and sets what options write to. invalid for wrong use, with a suggestion where there is one.
Result<Parsed> parse_command_line(const Command& root, const std::vector<std::string>& words);

/// The help text of a command, wrapped to `width` columns (at least 40).
std::string help_text(const Command& command, const std::string& path, std::size_t width);

}  // namespace muster::cli
