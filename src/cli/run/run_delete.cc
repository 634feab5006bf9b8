#include "cli/commands.h"
#include "cli/fields.h"

namespace muster::cli {

void add_run_delete(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command =
      run.verb("delete", "Delete a run that has ended, and the runs below it. It can be restored until it is removed for good",
               [&context, id]() -> Result<Exit> {
                 MUSTER_TRY_ASSIGN(const auto api, context.connect());
                 MUSTER_TRY(api->del(api->in_workspace({"runs", *id})));
                 context.print(Json{{"deleted", *id}}, fmt::format("{0} is deleted. Until it is removed for good, `muster run "
                                                                   "restore {0}` brings it back.\n",
                                                                   *id));
                 return Exit::done;
               });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run delete ID");
}

void add_run_restore(Command& run, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command =
      run.verb("restore", "Bring back a deleted run, and the runs below it that were deleted with it", [&context, id]() -> Result<Exit> {
        MUSTER_TRY_ASSIGN(const auto api, context.connect());
        MUSTER_TRY_ASSIGN(const Json restored, api->post(api->in_workspace({"runs", *id, "restore"}), Json::object()));
        context.print(restored, fmt::format("{} is back.\n", text_at(restored, "run_id")));
        return Exit::done;
      });
  command.positional("RUN", *id, "the run's id");
  context.add_common_options(command);
  command.example("muster run restore ID");
}

}  // namespace muster::cli
