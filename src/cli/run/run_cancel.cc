#include "cli/commands.h"
#include "cli/fields.h"

namespace muster::cli {

void add_run_cancel(Command& run, Context& context) {
  struct Options {
    std::string id;
    std::string reason;
  };
  auto options = std::make_shared<Options>();
  Command& command =
      run.verb("cancel", "End a run: SIGTERM, its grace, then SIGKILL; what it has written is kept", [&context, options]() -> Result<Exit> {
        MUSTER_TRY_ASSIGN(const auto api, context.connect());
        const Json body = options->reason.empty() ? Json::object() : Json{{"reason", options->reason}};
        MUSTER_TRY_ASSIGN(const Json canceled, api->post(api->in_workspace({"runs", options->id, "cancel"}), body));
        context.print(canceled, fmt::format("{} is being canceled.\n", text_at(canceled, "run_id")));
        return Exit::done;
      });
  command.positional("RUN", options->id, "the run's id");
  command.option("--reason", "TEXT", options->reason, "why, for the record");
  context.add_common_options(command);
  command.example("muster run cancel ID --reason 'learning rate too high'");
}

}  // namespace muster::cli
