#include "cli/commands.h"

namespace muster::cli {

void add_compute_delete(Command& compute, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = compute.verb("delete", "Delete a compute target that no run uses", [&context, name]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY(api->del(api->in_workspace({"compute_targets", *name})));
    context.print(Json{{"deleted", *name}}, fmt::format("{} is deleted.\n", *name));
    return Exit::done;
  });
  command.positional("NAME", *name, "the target's name");
  context.add_common_options(command);
}

}  // namespace muster::cli
