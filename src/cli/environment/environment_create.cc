#include <memory>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/environment/conda_file.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kLongestText = 1u << 20;

struct CreateOptions {
  std::string name;
  std::optional<std::string> python;
  std::vector<std::string> pip;
  std::optional<std::string> conda;
  std::optional<std::string> image;
  std::optional<std::string> dockerfile;
};

Result<std::string> text_of_file(const std::string& path, std::string_view option) {
  auto text = read_file(path, kLongestText);
  if (!text) return fail(Code::not_found, "{}: {}", option, text.error().detail);
  if (!is_utf8(*text)) return fail(Code::invalid, "{}: {} is not UTF-8", option, to_utf8(path));
  return std::move(*text);
}

Result<Json> definition_of(const CreateOptions& options) {
  if (options.image && options.dockerfile)
    return fail_hint(Code::invalid, "a Dockerfile names its image itself", "--image and --dockerfile cannot go together");
  Json definition{{"python", Json::object()}};
  if (options.conda) {
    MUSTER_TRY_ASSIGN(const std::string text, text_of_file(*options.conda, "--conda"));
    auto read = definition_of_conda_file(text, fs::absolute(*options.conda).parent_path());
    if (!read) return fail_hint(Code::invalid, read.error().hint, "--conda: {}: {}", to_utf8(*options.conda), read.error().detail);
    definition = std::move(*read);
  }
  Json& python = definition["python"];
  std::error_code ignored;  // a folder that is gone leaves paths as they are
  for (const std::string& package : options.pip) python["pip_packages"].push_back(seen_from(fs::current_path(ignored), package));
  if (options.python) python["interpreter_path"] = *options.python;
  const bool has_packages = options.conda || !options.pip.empty();
  if (!has_packages && (options.python || options.image || options.dockerfile)) python["user_managed_dependencies"] = true;
  if (options.image) definition["docker"] = {{"enabled", true}, {"base_image", *options.image}};
  if (options.dockerfile) {
    MUSTER_TRY_ASSIGN(const std::string text, text_of_file(*options.dockerfile, "--dockerfile"));
    definition["docker"] = {{"enabled", true}, {"base_dockerfile", text}};
  }
  definition["name"] = options.name;
  return definition;
}

Result<Exit> environment_create(Context& context, const CreateOptions& options) {
  MUSTER_TRY_ASSIGN(const Json definition, definition_of(options));
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json made, api->create_resource(api->in_workspace({"environments"}), definition));
  context.print(made, fmt::format("{}  version {}\nNext: muster run submit --environment {} --script train.py\n", text_at(made, "name"),
                                  text_at(made, "version"), options.name));
  return Exit::done;
}

}  // namespace

void add_environment_create(Command& environment, Context& context) {
  auto options = std::make_shared<CreateOptions>();
  Command& command = environment.verb("create", "Register an environment; one with new content under a known name is its next version",
                                      [&context, options] { return environment_create(context, *options); });
  command.positional("NAME", options->name, "what it is called");
  command.option("--python", "PATH", options->python, "its interpreter: a path, or a name on the server's PATH");
  command.option("--pip", "PACKAGE", options->pip, "a package for pip, or a line as in a requirements file; may be given several times");
  command.option("--conda", "FILE", options->conda, "a conda environment file");
  command.option("--image", "IMAGE", options->image, "the image of a container");
  command.option("--dockerfile", "FILE", options->dockerfile, "the Dockerfile of a container");
  context.add_common_options(command);
  command.example("muster environment create torch --pip torch==2.2.2 --pip pillow");
}

}  // namespace muster::cli
