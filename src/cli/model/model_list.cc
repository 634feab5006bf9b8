#include "cli/commands.h"
#include "cli/model/model_view.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

struct ModelListOptions {
  std::optional<std::string> name;
  std::optional<std::string> run;
  std::optional<std::string> tag;
  bool latest = false;
};

Result<Exit> model_list(Context& context, const ModelListOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  if (options.name) query.emplace_back("name", *options.name);
  if (options.run) query.emplace_back("run_id", *options.run);
  if (options.tag) query.emplace_back("tag", *options.tag);
  if (options.latest) query.emplace_back("latest", "true");
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"models"}), query, "models", 0));
  if (list["models"].empty() && !context.json) {
    context.note(query.empty()
                     ? "There are no models yet. Register one: muster model register --name NAME --run ID --output outputs/model.pt"
                     : "No model matches these options.");
    return Exit::done;
  }
  context.print(list, model_table(list["models"], context.now(), context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_model_list(Command& model, Context& context) {
  auto options = std::make_shared<ModelListOptions>();
  Command& command =
      model.verb("list", "List registered models, the newest first", [&context, options] { return model_list(context, *options); });
  command.option("--name", "NAME", options->name, "only this model's versions");
  command.option("--run", "RUN", options->run, "only those made from this run");
  command.option("--tag", "K[=V]", options->tag, "only those with this tag");
  command.flag("--latest", options->latest, "only the latest version of each");
  context.add_common_options(command);
  command.example("muster model list --latest");
}

}  // namespace muster::cli
