#include <memory>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/environment/reference.h"

namespace muster::cli {
namespace {

struct OverrideOptions {
  std::string name;
  std::optional<std::string> with;
  bool remove = false;
};

Result<Exit> environment_override(Context& context, const OverrideOptions& options) {
  if (options.with.has_value() == options.remove)
    return fail_hint(Code::invalid, "like `--with my-torch`, or `--with my-torch:3`", "give either --with or --remove");
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  const std::string path = api->in_workspace({"environments", options.name, "override"});
  if (options.remove) {
    MUSTER_TRY(api->del(path));
    context.print(Json{{"name", options.name}, {"override", nullptr}}, fmt::format("{} stands for itself again.\n", options.name));
    return Exit::done;
  }
  const EnvironmentReference with = environment_reference(*options.with);
  Json body{{"name", with.name}};
  if (with.version) body["version"] = *with.version;
  MUSTER_TRY_ASSIGN(const Json shown, api->post(path, body));
  const std::string version = text_at(member(shown, "override"), "version");
  context.print(shown,
                fmt::format("Runs that ask for {} get {} from now on, {}.\n", options.name, text_at(member(shown, "override"), "name"),
                            version.empty() ? "in its newest version" : "version " + version));
  return Exit::done;
}

}  // namespace

void add_environment_override(Command& environment, Context& context) {
  auto options = std::make_shared<OverrideOptions>();
  Command& command = environment.verb("override", "Use an environment of your own instead of a curated one",
                                      [&context, options] { return environment_override(context, *options); });
  command.positional("NAME", options->name, "the curated environment's name");
  command.option("--with", "NAME[:VERSION]", options->with, "what runs that ask for it get; the newest version when none is given");
  command.flag("--remove", options->remove, "use the curated environment itself again");
  command.example("muster environment override AzureML-PyTorch-1.6-GPU --with my-torch");
  context.add_common_options(command);
}

}  // namespace muster::cli
