#include "cli/commands.h"

namespace muster::cli {

void add_run_delete(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command = run.verb("delete", "Delete a run that has ended, with its logs, metrics and outputs. Models made from it stay",
                              [&context, id]() -> Result<Exit> {
                                MUSTER_TRY_ASSIGN(const auto api, context.connect());
                                MUSTER_TRY(api->del(api->in_workspace({"runs", *id})));
                                context.print(Json{{"deleted", *id}}, fmt::format("{} is deleted.\n", *id));
                                return Exit::done;
                              });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run delete ID");
}

}  // namespace muster::cli
