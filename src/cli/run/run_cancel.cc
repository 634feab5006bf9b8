#include "cli/commands.h"
#include "cli/fields.h"

namespace muster::cli {

void add_run_cancel(Command& run, Context& context) {
  struct Options {
    std::string id;
    std::string reason;
    bool force = false;
  };
  auto options = std::make_shared<Options>();
  Command& command =
      run.verb("cancel", "Cancel a run: SIGTERM, then SIGKILL after its grace time. What it has written is kept",
               [&context, options]() -> Result<Exit> {
                 MUSTER_TRY_ASSIGN(const auto api, context.connect());
                 Json body = Json::object();
                 if (!options->reason.empty()) body["reason"] = options->reason;
                 MUSTER_TRY_ASSIGN(const Json before, api->get(api->in_workspace({"runs", options->id})));
                 // A second cancel is forced, as with --force.
                 if (options->force || text_at(before, "status") == "CancelRequested") body["force"] = true;
                 MUSTER_TRY_ASSIGN(const Json canceled, api->post(api->in_workspace({"runs", options->id, "cancel"}), body));
                 const bool ended = text_at(canceled, "status") == "Canceled";
                 context.print(canceled, fmt::format("{} {}.\n", text_at(canceled, "run_id"), ended ? "is canceled" : "is being canceled"));
                 return Exit::done;
               });
  command.positional("RUN", options->id, "the run's id");
  command.option("--reason", "TEXT", options->reason, "why, for the record");
  command.flag("--force", options->force,
               "end everything at once, without grace; what was not sent stays on the nodes (a second cancel does the same)");
  context.add_common_options(command);
  command.example("muster run cancel ID --reason 'learning rate too high'");
}

}  // namespace muster::cli
