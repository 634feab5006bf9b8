#include "cli/commands.h"
#include "cli/compute/compute_view.h"

namespace muster::cli {

void add_compute_show(Command& compute, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = compute.verb("show", "Show a compute target and its nodes", [&context, name]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json target, api->get(api->in_workspace({"compute_targets", *name})));
    context.print(target, compute_text(target, context.out.width, context.out.style));
    return Exit::done;
  });
  command.positional("NAME", *name, "the target's name");
  context.add_common_options(command);
  command.example("muster compute show local");
}

}  // namespace muster::cli
