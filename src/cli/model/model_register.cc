#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/model/model_view.h"
#include "cli/send.h"

namespace muster::cli {
namespace {

struct ModelRegisterOptions {
  std::string name;
  std::optional<std::string> run;
  std::optional<std::string> output;
  std::optional<std::string> path;
  std::optional<std::string> description;
  std::optional<std::string> framework;
  std::optional<std::string> framework_version;
  std::vector<std::string> tags;
  std::vector<std::string> properties;
};

Result<Exit> model_register(Context& context, const ModelRegisterOptions& options) {
  const bool from_run = options.run && options.output && !options.path;
  const bool from_here = options.path && !options.run && !options.output;
  if (!from_run && !from_here) {
    return fail_hint(Code::invalid, "give --run ID --output PATH for a run's output, or --path PATH for files of this machine",
                     "a model comes either from a run's output or from a path; exactly one of them must be given");
  }
  Json body{{"name", options.name}};
  if (options.description) body["description"] = *options.description;
  if (options.framework) body["framework"] = *options.framework;
  if (options.framework_version) body["framework_version"] = *options.framework_version;
  MUSTER_TRY_ASSIGN(body["tags"], pairs_from(options.tags, "--tag"));
  MUSTER_TRY_ASSIGN(body["properties"], pairs_from(options.properties, "--property"));
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  if (from_run) {
    body["run_id"] = *options.run;
    body["path"] = *options.output;
  } else {
    MUSTER_TRY_ASSIGN(body["files"], send_files(context, *api, *options.path, "--path", Naming::with_folder));
  }
  MUSTER_TRY_ASSIGN(const Json model, api->create_resource(api->in_workspace({"models"}), body));
  context.print(model, model_text(model, context.now(), context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_model_register(Command& model, Context& context) {
  auto options = std::make_shared<ModelRegisterOptions>();
  Command& command = model.verb("register", "Register a model from a run's output or from files of this machine; always as a new version",
                                [&context, options] { return model_register(context, *options); });
  command.option("--name", "NAME", options->name, "the model's name").required();
  command.option("--run", "RUN", options->run, "the run that made it");
  command.option("--output", "PATH", options->output, "the file or folder among its outputs, like outputs/model.pt");
  command.option("--path", "PATH", options->path, "a file or folder of this machine instead");
  command.option("--description", "TEXT", options->description, "a description");
  command.option("--framework", "NAME", options->framework, "like PyTorch or Onnx");
  command.option("--framework-version", "V", options->framework_version, "the framework's version");
  command.option("--tag", "K[=V]", options->tags, "a tag");
  command.option("--property", "K=V", options->properties, "a property, which can never be changed");
  context.add_common_options(command);
  command.example("muster model register --name birds --run ID --output outputs/model.onnx");
  command.example("muster model register --name birds --path ./birds.onnx --framework Onnx");
}

}  // namespace muster::cli
