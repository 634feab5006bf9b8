#include <map>
#include <memory>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/environment/reference.h"

namespace muster::cli {
namespace {

struct LockOptions {
  std::string name;
  std::string version;
  std::optional<std::string> as;
};

Result<Exit> environment_lock(Context& context, const LockOptions& options) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  client::Query query;
  if (!options.version.empty()) query.emplace_back("version", options.version);
  MUSTER_TRY_ASSIGN(const Json lock, api->get(api->in_workspace({"environments", options.name, "lock"}), query));
  Json definition = member(lock, "definition");
  if (!options.as) {
    context.print(definition, definition.dump(2) + "\n");
    return Exit::done;
  }
  definition["name"] = *options.as;
  MUSTER_TRY_ASSIGN(const Json made, api->create_resource(api->in_workspace({"environments"}), definition));
  context.print(made, fmt::format("{}  version {}: {} of {} as they were installed\n", *options.as, text_at(made, "version"),
                                  counted(member(member(definition, "python"), "pip_packages").size(), "package"), options.name));
  return Exit::done;
}

/// Names and versions, or where a package is from.
using Packages = std::map<std::string, std::string>;

void add_package(Packages& packages, const std::string& text) {
  const std::size_t equal = text.find("==");
  const std::size_t at = text.find(" @ ");
  if (equal != std::string::npos && (at == std::string::npos || equal < at))
    packages[to_lower(text.substr(0, equal))] = text.substr(equal + 2);
  else if (at != std::string::npos)
    packages[to_lower(text.substr(0, at))] = text.substr(at + 3);
}

/// Of an environment that is built on the server (NAME, NAME:VERSION), or of a run that has ended.
Result<Packages> packages_of(client::Api& api, const std::string& what) {
  Packages packages;
  const auto run = api.get(api.in_workspace({"runs", what, "environment"}));
  if (run) {
    packages["python"] = text_at(*run, "python_version");
    for (const auto& [name, version] : member(*run, "packages").items()) {
      if (version.is_string()) packages[to_lower(name)] = version.get<std::string>();
    }
    return packages;
  }
  if (run.error().code != Code::not_found && run.error().code != Code::invalid) return tl::unexpected(run.error());
  const EnvironmentReference named = environment_reference(what);
  MUSTER_TRY_ASSIGN(const Json lock, api.get(api.in_workspace({"environments", named.name, "lock"}), named.query()));
  for (const Json& one : member(lock, "packages")) {
    if (one.is_string()) add_package(packages, one.get<std::string>());
  }
  return packages;
}

Result<Exit> environment_diff(Context& context, const std::string& first, const std::string& second) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Packages before, packages_of(*api, first));
  MUSTER_TRY_ASSIGN(Packages after, packages_of(*api, second));
  // Of an environment that is built, which Python it is stands in its definition: that is compared between runs alone.
  if (!before.contains("python") || !after.contains("python")) {
    before.erase("python");
    after.erase("python");
  }
  Json changes = Json::array();
  std::string text;
  const auto tell = [&](const std::string& name, const std::string* from, const std::string* to) {
    changes.push_back({{"package", name}, {"from", from ? Json(*from) : Json()}, {"to", to ? Json(*to) : Json()}});
    if (from) text += fmt::format("- {} {}\n", name, *from);
    if (to) text += fmt::format("+ {} {}\n", name, *to);
  };
  std::map<std::string, int> names;
  for (const auto& [name, version] : before) names[name] = 0;
  for (const auto& [name, version] : after) names[name] = 0;
  for (const auto& [name, unused] : names) {
    const auto from = before.find(name);
    const auto to = after.find(name);
    const std::string* old_version = from == before.end() ? nullptr : &from->second;
    const std::string* new_version = to == after.end() ? nullptr : &to->second;
    if (old_version == nullptr || new_version == nullptr || *old_version != *new_version) tell(name, old_version, new_version);
  }
  context.print(Json{{"changes", changes}}, text.empty() ? fmt::format("{} and {} hold the same packages.\n", first, second) : text);
  return Exit::done;
}

}  // namespace

void add_environment_lock(Command& environment, Context& context) {
  auto options = std::make_shared<LockOptions>();
  Command& command = environment.verb("lock", "Show the definition that pins what was installed when an environment was built",
                                      [&context, options] { return environment_lock(context, *options); });
  command.positional("NAME", options->name, "the environment's name");
  command.option("--version", "V", options->version, "which version (the newest when not given)");
  command.option("--as", "NAME", options->as, "register it under this name");
  context.add_common_options(command);
  command.example("muster environment lock torch --as torch-locked");
}

void add_environment_diff(Command& environment, Context& context) {
  auto names = std::make_shared<std::pair<std::string, std::string>>();
  Command& command = environment.verb("diff", "Show in which packages two environments, or runs, differ",
                                      [&context, names] { return environment_diff(context, names->first, names->second); });
  command.positional("A", names->first, "a run's id, or an environment: NAME or NAME:VERSION");
  command.positional("B", names->second, "the other");
  context.add_common_options(command);
  command.example("muster environment diff torch:1 torch:2");
}

}  // namespace muster::cli
