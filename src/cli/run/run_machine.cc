#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/metrics_view.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct RunMachineOptions {
  std::string id;
  std::optional<std::int64_t> node;
  std::optional<std::int64_t> attempt;
  std::optional<std::int64_t> points;
};

Result<Exit> run_machine(Context& context, const RunMachineOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query{{"points", std::to_string(options.points.value_or(kCurvePoints))}};
  if (options.node) query.emplace_back("node_rank", std::to_string(*options.node));
  if (options.attempt) query.emplace_back("attempt", std::to_string(*options.attempt));
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"runs", options.id, "machine"}), query, "curves", 0));
  if (list["curves"].empty())
    context.note("Nothing is known of the use of its nodes: they are looked at while ranks run, every ten seconds.");
  context.print(list, context.json ? "" : metrics_text(list["curves"], context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_run_machine(Command& run, Context& context) {
  auto options = std::make_shared<RunMachineOptions>();
  Command& command = run.verb("machine", "Show how much a run's nodes were used: processors, memory, network, disks, GPUs",
                              [&context, options] { return run_machine(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.option("--node", "N", options->node, "of this node alone");
  command.option("--attempt", "N", options->attempt, "of an earlier attempt");
  command.option("--points", "N", options->points, "with --json: curves of at most N points each, 0 or from 5 to 10,000");
  context.add_common_options(command);
  command.example("muster run machine ID");
}

}  // namespace muster::cli
