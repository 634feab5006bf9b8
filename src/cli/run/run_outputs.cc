#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct RunOutputsOptions {
  std::string id;
  std::string prefix;
};

Result<Exit> run_outputs(Context& context, const RunOutputsOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  if (!options.prefix.empty()) query.emplace_back("prefix", options.prefix);
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"runs", options.id, "artifacts"}), query, "artifacts", 0));
  if (list["artifacts"].empty()) {
    context.note(options.prefix.empty() ? "The run has no outputs: what a script writes below outputs/ is kept when the run ends."
                                        : fmt::format("The run has no output whose path begins with {}.", options.prefix));
  }
  Table table({{"SIZE", Column::Align::right},
               {"PATH", Column::Align::left, Column::Give::width},
               {"SHA-256", Column::Align::left, Column::Give::all}});
  for (const Json& artifact : list["artifacts"]) {
    table.add({{human_size(static_cast<std::uint64_t>(number_at(artifact, "size")))},
               {text_at(artifact, "path")},
               {text_at(artifact, "sha256").substr(0, 16), Tone::faint}});
  }
  context.print(list, table.empty() ? "" : table.render(context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_run_outputs(Command& run, Context& context) {
  auto options = std::make_shared<RunOutputsOptions>();
  Command& command =
      run.verb("outputs", "List the files that a run has left", [&context, options] { return run_outputs(context, *options); });
  command.positional("RUN", options->id, "the run's id");
  command.optional_positional("PREFIX", options->prefix, "only those whose path begins so, like outputs/checkpoints/");
  context.add_common_options(command);
  command.example("muster run outputs ID");
}

}  // namespace muster::cli
