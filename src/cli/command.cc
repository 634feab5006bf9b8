#include "cli/command.h"

#include "base/text.h"

namespace muster::cli {

Command& Command::noun(std::string name, std::string help) {
  children_.push_back(std::make_unique<Command>(std::move(name), std::move(help)));
  return *children_.back();
}

Command& Command::verb(std::string name, std::string help, Action action) {
  Command& command = noun(std::move(name), std::move(help));
  command.action_ = std::move(action);
  return command;
}

Command& Command::add(Option option) {
  options_.push_back(std::move(option));
  return *this;
}

Command& Command::flag(std::string names, bool& target, std::string help) {
  return add({std::move(names), "", std::move(help), Option::Repeat::once, false, [&target](const std::string&) -> Result<void> {
                target = true;
                return {};
              }});
}

Command& Command::option(std::string names, std::string value, std::string& target, std::string help) {
  return add({std::move(names), std::move(value), std::move(help), Option::Repeat::once, false,
              [&target](const std::string& given) -> Result<void> {
                target = given;
                return {};
              }});
}

Command& Command::option(std::string names, std::string value, std::optional<std::string>& target, std::string help) {
  return add({std::move(names), std::move(value), std::move(help), Option::Repeat::once, false,
              [&target](const std::string& given) -> Result<void> {
                target = given;
                return {};
              }});
}

Command& Command::option(std::string names, std::string value, std::optional<std::int64_t>& target, std::string help) {
  const std::string name = names.substr(names.rfind(',') + 1);
  return add({std::move(names), std::move(value), std::move(help), Option::Repeat::once, false,
              [&target, name](const std::string& given) -> Result<void> {
                std::int64_t number = 0;
                if (!parse_int64(given, number)) return fail(Code::invalid, "{} takes a whole number, not \"{}\"", name, to_utf8(given));
                target = number;
                return {};
              }});
}

Command& Command::option(std::string names, std::string value, std::vector<std::string>& target, std::string help) {
  return add({std::move(names), std::move(value), std::move(help), Option::Repeat::many, false,
              [&target](const std::string& given) -> Result<void> {
                target.push_back(given);
                return {};
              }});
}

Command& Command::required() {
  options_.back().required = true;
  return *this;
}

Command& Command::positional(std::string name, std::string& target, std::string help) {
  positionals_.push_back(
      {std::move(name), std::move(help), Positional::Count::one, [&target](const std::string& given) { target = given; }});
  return *this;
}

Command& Command::optional_positional(std::string name, std::string& target, std::string help) {
  positionals_.push_back(
      {std::move(name), std::move(help), Positional::Count::at_most_one, [&target](const std::string& given) { target = given; }});
  return *this;
}

Command& Command::positionals(std::string name, std::vector<std::string>& target, std::string help) {
  positionals_.push_back(
      {std::move(name), std::move(help), Positional::Count::any, [&target](const std::string& given) { target.push_back(given); }});
  return *this;
}

Command& Command::after_dashes(std::string name, std::vector<std::string>& target, std::string help) {
  dashes_ = Positional{std::move(name), std::move(help), Positional::Count::any,
                       [&target](const std::string& given) { target.push_back(given); }};
  return *this;
}

Command& Command::example(std::string line) {
  examples_.push_back(std::move(line));
  return *this;
}

Command& Command::hidden() {
  hidden_ = true;
  return *this;
}

}  // namespace muster::cli
