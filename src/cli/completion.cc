#include "cli/completion.h"

#include <functional>

#include "base/text.h"

namespace muster::cli {
namespace {

/// Calls `visit` for every command that can be seen, parents first, with its words after the program's name ("run submit").
void each_command(const Command& command, const std::string& words, const std::function<void(const Command&, const std::string&)>& visit) {
  visit(command, words);
  for (const auto& child : command.children()) {
    if (!child->is_hidden()) each_command(*child, words.empty() ? child->name() : words + " " + child->name(), visit);
  }
}

std::vector<std::string> option_names(const Command& command) {
  std::vector<std::string> names;
  for (const Option& option : command.options()) {
    for (const std::string_view name : split(option.names, ',')) names.emplace_back(name);
  }
  names.emplace_back("--help");
  return names;
}

/// What can come next after the command's words.
std::string next_words(const Command& command) {
  std::vector<std::string> words;
  for (const auto& child : command.children()) {
    if (!child->is_hidden()) words.push_back(child->name());
  }
  for (const std::string& name : option_names(command)) words.push_back(name);
  return join(words, " ");
}

/// The options after which a value comes.
std::string names_with_value(const Command& command) {
  std::vector<std::string> names;
  for (const Option& option : command.options()) {
    if (option.value.empty()) continue;
    for (const std::string_view name : split(option.names, ',')) names.emplace_back(name);
  }
  return join(names, " ");
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else
      result += c;
  }
  return result + "'";
}

/// Bash reads the words so far, follows those that are commands, and offers what that command knows; files where it offers nothing (-o
/// default: ours must not be taken for files, or a folder named like a command would make it "model/").
std::string bash_script(const Command& root) {
  std::string nouns;
  std::string cases;
  each_command(root, "", [&](const Command& command, const std::string& words) {
    if (!words.empty()) nouns += (nouns.empty() ? "" : "|") + in_quotes(words);
    cases += fmt::format("    {}) known={} valued={} ;;\n", in_quotes(words), in_quotes(next_words(command)),
                         in_quotes(names_with_value(command)));
  });
  return fmt::format(R"(# bash completion for muster:  source <(muster completion bash)
_muster() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="" word known="" valued="" i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    case "$word" in
      --) return ;;
      -*) continue ;;
    esac
    case "${{path:+$path }}$word" in
      {}) path="${{path:+$path }}$word" ;;
    esac
  done
  case "$path" in
{}  esac
  case " $valued " in
    *" ${{COMP_WORDS[COMP_CWORD-1]}} "*) return ;;
  esac
  COMPREPLY=($(compgen -W "$known" -- "$current"))
}}
complete -o default -F _muster muster
)",
                     nouns, cases);
}

/// Zsh emulates bash's completion, so it has no script of its own (but ${WORDS[@]:1:N} has another meaning there).
std::string zsh_script(const Command& root) {
  return "#compdef muster\n# zsh completion for muster:  source <(muster completion zsh)\nautoload -U +X compinit && compinit\nautoload -U "
         "+X bashcompinit && bashcompinit\n" +
         bash_script(root);
}

std::string fish_script(const Command& root) {
  std::string script =
      "# fish completion for muster:  muster completion fish | source\n"
      "function __muster_at\n"
      "  set -l words\n"
      "  for word in (commandline -opc)[2..]\n"
      "    test \"$word\" = -- ; and return 1\n"
      "    string match -q -- '-*' $word ; and continue\n"
      "    set -a words $word\n"
      "  end\n"
      "  set -l wanted (count $argv)\n"
      "  test (count $words) -ge $wanted ; or return 1\n"
      "  test $wanted -eq 0 ; or test \"$words[1..$wanted]\" = \"$argv\" ; or return 1\n"
      "  return 0\n"
      "end\n";
  each_command(root, "", [&](const Command& command, const std::string& words) {
    for (const auto& child : command.children()) {
      if (child->is_hidden()) continue;
      const std::size_t depth = words.empty() ? 0 : split(words, ' ').size();
      script += fmt::format(
          "complete -c muster -f -n '__muster_at {}; and test (count (string match -v -- \"-*\" (commandline -opc))) -eq {}' -a {} -d {}\n",
          words, depth + 1, child->name(), in_quotes(child->help().substr(0, child->help().find(". "))));
    }
    for (const Option& option : command.options()) {
      std::string names;
      for (const std::string_view name : split(option.names, ',')) {
        names += name.substr(0, 2) == "--" ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
      }
      script += fmt::format("complete -c muster -n '__muster_at {}'{}{} -d {}\n", words, names, option.value.empty() ? "" : " -r",
                            in_quotes(option.help));
    }
  });
  return script;
}

}  // namespace

Result<std::string> completion_script(const Command& root, std::string_view shell) {
  if (shell == "bash") return bash_script(root);
  if (shell == "zsh") return zsh_script(root);
  if (shell == "fish") return fish_script(root);
  return fail_hint(Code::invalid, "name bash, zsh or fish", "there is no completion for the shell \"{}\"", to_utf8(shell));
}

}  // namespace muster::cli
