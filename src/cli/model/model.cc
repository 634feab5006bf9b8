#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/fields.h"
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

struct ModelDownloadOptions {
  std::string name;
  std::string version;
  std::string to = ".";
  bool overwrite = false;
};

Result<Exit> model_download(Context& context, const ModelDownloadOptions& options) {
  MUSTER_TRY_ASSIGN(const ModelName name, model_name(options.name, options.version));
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Json model, api->get(api->in_workspace({"models", name.name, "versions", name.version})));
  const std::string version = std::to_string(number_at(model, "version"));
  const auto url_of = [&](const std::string& path) { return api->in_workspace({"models", name.name, "versions", version, "files", path}); };
  MUSTER_TRY_ASSIGN(const std::string text,
                    fetch_listed(context, *api, model["files"], url_of, options.to, options.overwrite ? Overwrite::yes : Overwrite::no));
  context.print(model, text);
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

void add_model_download(Command& model, Context& context) {
  auto options = std::make_shared<ModelDownloadOptions>();
  Command& command = model.verb("download", "Download a model's files. Nothing that is there is overwritten",
                                [&context, options] { return model_download(context, *options); });
  command.positional("NAME", options->name, "the model's name, or NAME:VERSION");
  command.option("--version", "N", options->version, "which version (the latest when not given)");
  command.option("--to", "DIR", options->to, "the folder to put them into (the current one when not given)");
  command.flag("--overwrite", options->overwrite, "replace files that are there");
  context.add_common_options(command);
  command.example("muster model download birds --to models/");
}

}  // namespace muster::cli
