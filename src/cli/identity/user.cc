#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"
#include "client/uri.h"

namespace muster::cli {
namespace {

Result<Exit> user_list(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, "/api/v1/users", {}, "users", 0));
  Table table({{"USER", Column::Align::left, Column::Give::width},
               {"STATE"},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"BY", Column::Align::left, Column::Give::width}});
  for (const Json& user : list["users"]) {
    table.add({{text_at(user, "name")},
               {time_at(user, "disabled_at") == 0 ? "enabled" : "disabled"},
               {ago(time_at(user, "created_at"), context.now())},
               {text_at(user, "created_by")}});
  }
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

/// `muster user disable` and `enable`.
void add_switch(Command& user, Context& context, bool disabled, const char* verb, const char* help, const char* done) {
  auto name = std::make_shared<std::string>();
  Command& command = user.verb(verb, help, [&context, name, disabled, done]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json changed, api->patch("/api/v1/users/" + client::encode_value(*name), {{"disabled", disabled}}));
    context.print(changed, fmt::format("{} is {}.\n", *name, done));
    return Exit::done;
  });
  command.positional("NAME", *name, "the user's name");
  context.add_common_options(command);
}

}  // namespace

void add_user_create(Command& user, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = user.verb("create", "Create a user, for whom tokens can then be created", [&context, name]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY_ASSIGN(const Json made, api->create_resource("/api/v1/users", {{"name", *name}}));
    context.print(made, fmt::format("{0} is created. Next: muster token create --user {0}\n", *name));
    return Exit::done;
  });
  command.positional("NAME", *name, "the user's name: letters, digits, and . _ - @ +");
  context.add_common_options(command);
}

void add_user_list(Command& user, Context& context) {
  Command& command = user.verb("list", "List users", [&context] { return user_list(context); });
  context.add_common_options(command);
}

void add_user_disable(Command& user, Context& context) {
  add_switch(user, context, true, "disable", "Disable a user: its tokens open nothing until it is enabled again; its runs go on",
             "disabled");
}

void add_user_enable(Command& user, Context& context) { add_switch(user, context, false, "enable", "Enable a disabled user", "enabled"); }

}  // namespace muster::cli
