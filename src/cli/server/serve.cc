#include "server/application.h"

#include "cli/commands.h"
#include "cli/server/background.h"

namespace muster::cli {

void add_serve(Command& root, Context& context) {
  auto options = std::make_shared<server::ServeOptions>();
  auto home = std::make_shared<std::string>();
  Command& command = root.verb("serve", "Run the server in the foreground, until SIGTERM or Ctrl-C. Runs go on without it",
                               [options, home]() -> Result<Exit> {
                                 MUSTER_TRY_ASSIGN(options->home, chosen_home(*home));
                                 MUSTER_TRY(server::serve(*options));
                                 return Exit::done;
                               });
  add_server_options(command, *options, *home);
  command.flag("--json", context.json, "print errors as JSON, for programs");
  command.example("muster serve");
}

}  // namespace muster::cli
