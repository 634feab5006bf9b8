// Images, and a virtual environment over one where packages are asked for: made in a container, in a folder of the machine's, so that it is
// kept, measured and removed as any other.

#include <unistd.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/text.h"
#include "environment/builder.h"
#include "environment/container_runtime.h"
#include "environment/pip_install.h"
#include "environment/plan.h"
#include "environment/spec.h"

namespace muster::environment {
namespace fs = std::filesystem;
namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kDefaultContainerPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where the machine's pip configuration is seen in the container.
constexpr const char* kPipConfig = "/muster-pip.conf";
constexpr const char* kImageTag = "image-tag";
constexpr const char* kContents = "image.json";
/// Before what find_interpreter looks for, among the warnings of podman.
constexpr std::string_view kFound = "muster-python=";

/// Works from Python 3.6 on; importlib.metadata came with 3.8.
constexpr const char* kContentsQuestion = R"(
import json, platform, sys
packages = {}
try:
    from importlib.metadata import distributions
    for one in distributions():
        if one.metadata["Name"]:
            packages.setdefault(one.metadata["Name"], one.version)
except ImportError:
    import pkg_resources
    for one in pkg_resources.working_set:
        packages[one.project_name] = one.version
print("muster-contents=" + json.dumps({"interpreter": sys.executable, "python_version": platform.python_version(),
                                       "platform": platform.platform(), "packages": packages}))
)";
constexpr std::string_view kSaid = "muster-contents=";

std::string tag_of(const Plan& plan) { return "localhost/muster-environment:" + plan.hash.substr(0, 32); }

/// What of the machine's variables pip is to see inside.
Variables pip_variables(const Variables& machine) {
  Variables inside{{"PYTHONUNBUFFERED", "1"}, {"PYTHONNOUSERSITE", "1"}, {"PYTHONIOENCODING", "utf-8"}};
  for (const auto& [name, value] : machine) {
    const bool is_proxy = to_lower(name).ends_with("_proxy");
    const bool is_pips = name.starts_with("PIP_") && name != "PIP_TARGET" && name != "PIP_PREFIX" && name != "PIP_USER" &&
                         name != "PIP_REQUIRE_VIRTUALENV" && name != "PIP_CONFIG_FILE" && name != "PIP_CACHE_DIR";
    if (is_proxy || is_pips) inside[name] = value;
  }
  return inside;
}

/// The first of pip's files that is there, as pip looks: the user's before the machine's.
std::string pip_config(const Variables& machine) {
  const auto value = [&](const char* name) {
    const auto at = machine.find(name);
    return at == machine.end() ? std::string() : at->second;
  };
  std::error_code ignored;
  for (const std::string& file : {value("PIP_CONFIG_FILE"), value("HOME") + "/.config/pip/pip.conf", value("HOME") + "/.pip/pip.conf",
                                  std::string("/etc/pip.conf")}) {
    if (file.starts_with('/') && fs::is_regular_file(file, ignored)) return file;
  }
  return "";
}

/// Local folders that pip is told to look into, so that it finds them inside too.
std::vector<std::string> local_sources(const Plan& plan, const Variables& machine) {
  std::vector<std::string> folders;
  std::error_code ignored;
  const auto add = [&](std::string_view text) {
    for (const std::string_view word : split(text, ' ')) {
      const std::string_view value = word.substr(word.starts_with("--") ? word.find('=') + 1 : 0);
      std::string path(value.starts_with("file://") ? value.substr(7) : value);
      if (path.size() > 1 && path.starts_with('/') && fs::exists(path, ignored) &&
          std::find(folders.begin(), folders.end(), path) == folders.end())
        folders.push_back(std::move(path));
    }
  };
  for (const auto& [name, value] : machine) {
    if (name.starts_with("PIP_") && name != "PIP_CONFIG_FILE" && name != "PIP_CACHE_DIR") add(value);
  }
  if (const std::string file = pip_config(machine); !file.empty()) {
    const auto text = read_file(file, 1u << 20);
    for (const std::string_view line : split(text ? std::string_view(*text) : std::string_view(), '\n')) add(line);
  }
  for (const std::string& package : plan.packages) add(package);
  return folders;
}

class ContainerBuilder final : public Builder {
 public:
  explicit ContainerBuilder(Variables variables) : variables_(std::move(variables)) {}

  std::string_view kind() const override { return "container"; }
  std::optional<std::string> cannot_build(const model::EnvironmentDefinition& definition) const override {
    if (const auto faults = cannot_be_built(definition); !faults.empty()) return faults.front().detail;
    if (!needs_container(definition)) return "starts programs in images, and none is asked for";
    return std::nullopt;
  }
  Result<Plan> plan(const model::EnvironmentDefinition& definition) const override {
    MUSTER_TRY(find_container_program(variables_));
    Plan plan = plan_with(definition, std::string(kind()), interpreter_wanted(definition));
    plan.container = definition.container;
    return plan;
  }
  bool makes_folder() const override { return true; }

  Result<Description> build(const BuildRequest& request) const override {
    MUSTER_TRY_ASSIGN(const std::string program, find_container_program(variables_));
    MUSTER_TRY(make_folders(request.folder));
    const BuildSteps outside(request, client_variables(variables_, {}));
    const model::ContainerDefinition& wanted = *request.plan.container;
    const bool own_image = !wanted.dockerfile.empty();
    if (own_image) MUSTER_TRY(write_file(request.folder / kImageTag, program + "\n" + tag_of(request.plan), 0644, Durable::no));
    MUSTER_TRY_ASSIGN(const Image image, own_image
                                             ? build_image(request, outside, program, wanted.dockerfile, tag_of(request.plan), variables_)
                                             : get_image(outside, program, image_reference(wanted)));
    request.on_log(fmt::format("image {}\n", image.digest.empty() ? image.id : image.digest));
    MUSTER_TRY_ASSIGN(const ContainerHost host, try_host(outside, program, image.id, variables_));

    Description made;
    made.image = image.id;
    made.image_digest = image.digest;
    made.image_path = image.path;
    made.container = host;
    auto inside = fill(request, host, image);
    // Those of a build that was stopped; of any other none is left.
    const auto removed = remove_containers(host.runtime, request.group.name());
    if (!removed) request.on_log(removed.error().detail + "\n");
    MUSTER_TRY(inside);
    MUSTER_TRY(write_file(request.folder / kContents, dump_json(inside->contents), 0644, Durable::no));
    made.interpreter = std::move(inside->interpreter);
    made.packages = std::move(inside->packages);
    return made;
  }

  Result<std::optional<Prepared>> prepared(const Plan& plan, const fs::path& folder, const Description* made) const override {
    if (made == nullptr || !made->container || ::access(made->container->runtime.front().c_str(), X_OK) != 0) return std::nullopt;
    Prepared prepared{plan.hash, plan.builder, folder.string(), made->interpreter, {}, {}, {}};
    prepared.prefix =
        container_prefix(*made->container, plan.container.value_or(model::ContainerDefinition{}), made->image, {folder.string()});
    prepared.variables["PATH"] = "{root}/bin:" + (made->image_path.empty() ? std::string(kDefaultContainerPath) : made->image_path);
    if (!plan.packages.empty()) prepared.variables["VIRTUAL_ENV"] = "{root}";
    return prepared;
  }
  Result<Description> describe(const Prepared& prepared, std::chrono::steady_clock::time_point deadline) const override {
    return ask_interpreter(prepared, client_variables(variables_, {}), deadline);
  }
  Result<void> remove(const fs::path& folder) const override {
    const auto tag = read_file(folder / kImageTag, 4096);
    if (tag && tag->find('\n') != std::string::npos) {
      // That it is not there, or in use, keeps nobody from removing the rest.
      (void)remove_image(tag->substr(0, tag->find('\n')), tag->substr(tag->find('\n') + 1));
    }
    return remove_tree(folder);
  }

 private:
  struct Inside {
    std::string interpreter;            ///< as programs there find it
    std::vector<std::string> packages;  ///< that were installed
    Json contents;                      ///< for whoever runs in it: contents_of_container()
  };
  Result<Inside> fill(const BuildRequest& request, const ContainerHost& host, const Image& image) const {
    Variables inside = pip_variables(variables_);
    ContainerEntry entry;
    entry.group = request.group.name();
    entry.folder = "/";
    entry.mounts = local_sources(request.plan, variables_);
    for (std::string& mount : entry.mounts) mount += ":ro";
    const std::string config = pip_config(variables_);
    if (!config.empty()) inside["PIP_CONFIG_FILE"] = kPipConfig;
    entry.variables = inside;
    for (const auto& [name, value] : request.group.variables()) entry.variables[name] = value;
    std::vector<std::string> prefix = container_prefix(host, {}, image.id, {request.folder.string()});
    if (!config.empty()) prefix.insert(prefix.end() - 1, {"--volume", fmt::format("{}:{}:ro", config, kPipConfig)});
    const BuildSteps steps(request, client_variables(variables_, inside),
                           [&](const std::vector<std::string>& words) { return container_command(prefix, entry, words); });

    MUSTER_TRY_ASSIGN(const std::string interpreter, find_interpreter(request, steps));
    Inside made{interpreter, {}, {{"interpreter", interpreter}, {"image", {{"id", image.id}, {"digest", image.digest}}}}};
    if (request.plan.packages.empty()) {
      if (!interpreter.empty()) {
        MUSTER_TRY(link_interpreter(request.folder, interpreter));
        MUSTER_TRY(ask_contents(steps, interpreter, made.contents));
      }
      return made;
    }
    Plan with_interpreter = request.plan;
    with_interpreter.interpreter = interpreter;
    const BuildRequest same{with_interpreter, request.folder, request.group, request.deadline, request.on_log, request.stop};
    MUSTER_TRY_ASSIGN(made.packages, install_by_pip(same, steps));
    made.interpreter = "bin/python";
    MUSTER_TRY(ask_contents(steps, (request.folder / "bin" / "python").string(), made.contents));
    return made;
  }

  /// What that Python says of itself and its packages; that it says nothing is no failure.
  static Result<void> ask_contents(const BuildSteps& steps, const std::string& python, Json& contents) {
    MUSTER_TRY_ASSIGN(const Outcome said, steps.run_quietly({python, "-c", kContentsQuestion}));
    const std::size_t at = said.output.find(kSaid);
    if (!said.succeeded() || at == std::string::npos) return {};
    const std::size_t begin = at + kSaid.size();
    const auto answer = parse_json(std::string_view(said.output).substr(begin, said.output.find('\n', begin) - begin));
    if (answer && answer->is_object()) contents.update(*answer);
    return {};
  }

  /// As the image has it; "" when it has none and nobody needs one (a command alone).
  static Result<std::string> find_interpreter(const BuildRequest& request, const BuildSteps& steps) {
    const std::string& wanted = request.plan.interpreter;
    const std::string names = wanted == "python" ? "python python3" : "\"$1\"";
    MUSTER_TRY_ASSIGN(
        const Outcome found,
        steps.run_quietly(
            {"/bin/sh", "-c",
             fmt::format("for name in {}; do at=$(command -v \"$name\") && echo \"{}$at\" && exit; done; exit 127", names, kFound), "sh",
             wanted}));
    const std::size_t at = found.output.find(kFound);
    if (found.succeeded() && at != std::string::npos) {
      const std::size_t begin = at + kFound.size();
      return found.output.substr(begin, found.output.find('\n', begin) - begin);
    }
    if (found.ended.signal) return tl::unexpected(unless_killed({Code::unavailable, "the image's Python was not found", "", {}}, found));
    if (request.plan.packages.empty() && wanted == "python") return std::string();
    return fail_hint(Code::invalid, "take an image that has one, or name it in `python.interpreter_path`", "the image has no '{}'", wanted);
  }

  /// So that a command's `python` and `python3` are this one, also where the image has the other name alone.
  static Result<void> link_interpreter(const fs::path& folder, const std::string& interpreter) {
    MUSTER_TRY(make_folders(folder / "bin"));
    for (const char* name : {"python", "python3"}) {
      const fs::path link = folder / "bin" / name;
      if (::symlink(interpreter.c_str(), link.c_str()) != 0) return tl::unexpected(system_error("link " + link.string(), errno));
    }
    return {};
  }

  const Variables variables_;
};

}  // namespace

Json contents_of_container(const Prepared& prepared) {
  const auto text = read_file(fs::path(prepared.root) / kContents, 8u << 20);
  if (!text) return Json::object();
  return parse_json(*text).value_or(Json::object());
}

std::unique_ptr<const Builder> make_container_builder(Variables variables) {
  return std::make_unique<ContainerBuilder>(std::move(variables));
}

}  // namespace muster::environment
