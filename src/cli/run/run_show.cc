#include "cli/commands.h"
#include "cli/run/run_view.h"

namespace muster::cli {

void add_run_show(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command = run.verb("show", "Show a run: how it went, why it failed, what it was", [&context, id]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json shown, api->get(api->in_workspace({"runs", *id})));
    context.print(shown, run_text(shown, context.now(), context.out.width, context.out.style));
    return Exit::done;
  });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run show birds_1795230131_0a1b2c3d");
}

}  // namespace muster::cli
