#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"

namespace muster::cli {
namespace {

std::string packages_text(const Json& environment) {
  std::vector<std::string> packages;
  for (const Json& one : member(member(member(environment, "definition"), "python"), "pip_packages")) {
    if (one.is_string()) packages.push_back(one.get<std::string>());
  }
  return join(packages, " ");
}

Result<Exit> environment_list(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Json list, client::get_list(*api, api->in_workspace({"environments"}), {}, "environments", 0));
  if (list["environments"].empty() && !context.json)
    context.note("There are no environments of your own yet: `muster environment create` or a run with --pip makes one.");
  MUSTER_TRY_ASSIGN(const Json curated, api->get(api->in_workspace({"environments"}), {{"curated", "true"}}));
  for (const Json& one : member(curated, "environments")) list["environments"].push_back(one);
  Table table({{"ENVIRONMENT", Column::Align::left, Column::Give::width},
               {"VERSION", Column::Align::right},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"PACKAGES", Column::Align::left, Column::Give::width}});
  for (const Json& environment : list["environments"]) {
    const std::string instead = text_at(member(environment, "override"), "name");
    table.add({{text_at(environment, "name") + (instead.empty() ? "" : " → " + instead)},
               {text_at(environment, "version")},
               {member(environment, "created_at").is_null() ? "" : ago(time_at(environment, "created_at"), context.now())},
               {packages_text(environment)}});
  }
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

/// What is on the server's disk, whoever's definition it is of.
Result<Exit> environment_list_built(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json list, api->get("/api/v1/environments"));
  Table table({{"BUILT"},
               {"BUILDER"},
               {"PACKAGES", Column::Align::right},
               {"SIZE", Column::Align::right},
               {"LAST USED"},
               {"IN USE"},
               {"PYTHON", Column::Align::left, Column::Give::width}});
  for (const Json& one : member(list, "environments")) {
    table.add({{text_at(one, "hash").substr(0, 12)},
               {text_at(one, "builder")},
               {std::to_string(member(one, "packages").size())},
               {human_size(static_cast<std::uint64_t>(number_at(one, "bytes")))},
               {ago(time_at(one, "used_at"), context.now())},
               {member(one, "in_use") == true ? "yes" : ""},
               {text_at(one, "interpreter")}});
  }
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_environment_list(Command& environment, Context& context) {
  auto built = std::make_shared<bool>(false);
  Command& command = environment.verb("list", "List environments",
                                      [&context, built] { return *built ? environment_list_built(context) : environment_list(context); });
  command.flag("--built", *built, "what is built on the server's disk instead: how large it is, when it was last asked for");
  context.add_common_options(command);
}

void add_environment_show(Command& environment, Context& context) {
  struct Options {
    std::string name;
    std::string version;
  };
  auto options = std::make_shared<Options>();
  Command& command = environment.verb("show", "Show an environment's definition", [&context, options]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    client::Query query;
    if (!options->version.empty()) query.emplace_back("version", options->version);
    MUSTER_TRY_ASSIGN(const Json shown, api->get(api->in_workspace({"environments", options->name}), query));
    const std::string instead = text_at(member(shown, "override"), "name");
    context.print(shown, fmt::format("{}  version {}{}\n\n{}\n", text_at(shown, "name"), text_at(shown, "version"),
                                     instead.empty() ? "" : fmt::format(" of {}, which this workspace uses instead", instead),
                                     member(shown, "definition").dump(2)));
    return Exit::done;
  });
  command.positional("NAME", options->name, "the environment's name");
  command.option("--version", "V", options->version, "which version (the newest when not given)");
  context.add_common_options(command);
}

}  // namespace muster::cli
