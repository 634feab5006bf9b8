#include "base/text.h"
#include "cli/commands.h"
#include "cli/fetch.h"
#include "cli/fields.h"
#include "cli/model/model_view.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

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
  std::vector<Fetch> files;
  std::string text;
  for (Json& entry : model["files"]) {
    const std::string path = text_at(entry, "path");
    Fetch file{api->in_workspace({"models", name.name, "versions", version, "files", path}),
               path,
               static_cast<std::uint64_t>(number_at(entry, "size")),
               text_at(entry, "sha256"),
               {}};
    MUSTER_TRY_ASSIGN(file.target, target_below(options.to, path));
    entry["file"] = file.target.lexically_normal().string();
    text += fmt::format("{}  ({})\n", printable(file.target.lexically_normal().string()), human_size(file.size));
    files.push_back(std::move(file));
  }
  MUSTER_TRY(fetch_files(context, *api, files, options.overwrite ? Overwrite::yes : Overwrite::no));
  context.print(model, text);
  return Exit::done;
}

}  // namespace

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
