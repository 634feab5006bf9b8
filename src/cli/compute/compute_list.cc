#include "cli/commands.h"
#include "cli/compute/compute_view.h"
#include "client/pages.h"

namespace muster::cli {

void add_compute_list(Command& compute, Context& context) {
  Command& command = compute.verb("list", "List compute targets", [&context]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"compute_targets"}), {}, "compute_targets", 0));
    context.print(list, compute_table(list["compute_targets"], context.out.width, context.out.style));
    return Exit::done;
  });
  context.add_common_options(command);
}

}  // namespace muster::cli
