#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/run_page.h"
#include "cli/run/run_view.h"
#include "client/follow.h"

namespace muster::cli {

void add_run_show(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command = run.verb("show", "Show a run: how it went, why it failed, what it was", [&context, id]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json shown, api->get(api->in_workspace({"runs", *id})));
    context.print(shown, run_text(shown, context.now(), context.out.width, context.out.style) +
                             fmt::format("{:<14}{}\n", "Web View", run_page(*api, text_at(shown, "run_id"))));
    return Exit::done;
  });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run show birds_1795230131_0a1b2c3d");
}

void add_run_wait(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command = run.verb("wait", "Wait until a run has ended. Exits with 0 when it is Completed, 1 when Failed or Canceled",
                              [&context, id]() -> Result<Exit> {
                                MUSTER_TRY_ASSIGN(const auto api, context.connect());
                                MUSTER_TRY_ASSIGN(const Json ended, client::follow_run(*api, *id, {}));
                                context.print(ended, run_result_text(ended, context.now(), context.out.width, context.out.style).substr(1));
                                return exit_of_status(text_at(ended, "status"));
                              });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run wait ID && muster run download ID outputs/model.pt");
}

}  // namespace muster::cli
