// `muster version` and `muster completion`.

#include <nlohmann/json.hpp>

#include "base/version.h"
#include "cli/commands.h"
#include "cli/completion.h"

namespace muster::cli {

void add_version(Command& root, Context& context) {
  Command& command = root.verb("version", "Print the version", [&context]() -> Result<Exit> {
    context.print(Json{{"version", kVersion}}, fmt::format("muster {}\n", kVersion));
    return Exit::done;
  });
  command.flag("--json", context.json, "print JSON, for programs");
}

void add_completion(Command& root, Context& context) {
  auto shell = std::make_shared<std::string>();
  Command& command =
      root.verb("completion", "Print a script that completes commands in your shell", [&root, &context, shell]() -> Result<Exit> {
        MUSTER_TRY_ASSIGN(const std::string script, completion_script(root, *shell));
        context.out.write(script);
        return Exit::done;
      });
  command.positional("SHELL", *shell, "bash, zsh or fish");
  command.example("source <(muster completion bash)");
  command.example("muster completion fish | source");
}

}  // namespace muster::cli
