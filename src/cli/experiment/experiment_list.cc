#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

Result<Exit> experiment_list(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"experiments"}), {}, "experiments", 0));
  if (list["experiments"].empty() && !context.json) {
    context.note("There are no experiments yet: the first run makes one.");
    return Exit::done;
  }
  Table table({{"EXPERIMENT", Column::Align::left, Column::Give::width},
               {"RUNS", Column::Align::right},
               {"LAST RUN"},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"TAGS", Column::Align::left, Column::Give::all}});
  for (const Json& experiment : list["experiments"]) {
    const TimeUs last = time_at(experiment, "last_run_at");
    table.add({{text_at(experiment, "name")},
               {std::to_string(number_at(experiment, "run_count"))},
               {last == 0 ? "" : ago(last, context.now())},
               {ago(time_at(experiment, "created_at"), context.now())},
               {pairs_text(member(experiment, "tags"))}});
  }
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_experiment_list(Command& experiment, Context& context) {
  Command& command =
      experiment.verb("list", "List experiments and how many runs each has", [&context] { return experiment_list(context); });
  context.add_common_options(command);
}

}  // namespace muster::cli
