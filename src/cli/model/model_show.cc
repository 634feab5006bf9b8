#include "cli/commands.h"
#include "cli/model/model_view.h"

namespace muster::cli {

void add_model_show(Command& model, Context& context) {
  struct Options {
    std::string name;
    std::string version;
  };
  auto options = std::make_shared<Options>();
  Command& command = model.verb("show", "Show a model: where it comes from and its files", [&context, options]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const ModelName name, model_name(options->name, options->version));
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json shown, api->get(api->in_workspace({"models", name.name, "versions", name.version})));
    context.print(shown, model_text(shown, context.now(), context.out.width, context.out.style));
    return Exit::done;
  });
  command.positional("NAME", options->name, "the model's name, or NAME:VERSION");
  command.option("--version", "N", options->version, "which version (the latest when not given)");
  context.add_common_options(command);
  command.example("muster model show birds:2");
}

}  // namespace muster::cli
