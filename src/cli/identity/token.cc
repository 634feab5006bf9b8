#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/identity/token_view.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"
#include "client/uri.h"

namespace muster::cli {

std::string workspace_words(const Json& token) {
  const std::string only = text_at(token, "workspace");
  return only.empty() ? "all" : only;
}

std::string expiry_words(const Json& token, TimeUs now) {
  const TimeUs expires = time_at(token, "expires_at");
  if (expires == 0) return "never";
  return expires > now ? "in " + duration_words(expires - now) : "expired " + ago(expires, now);
}

namespace {

struct TokenOptions {
  std::optional<std::string> user;
  std::string role = "contributor";
  std::optional<std::string> only_workspace;
  std::optional<std::string> purpose;
  std::optional<std::string> expires;
};

Result<Exit> token_create(Context& context, const TokenOptions& options) {
  Json body{{"role", options.role}};
  if (options.user) body["user"] = *options.user;
  if (options.only_workspace) body["workspace"] = *options.only_workspace;
  if (options.purpose) body["purpose"] = *options.purpose;
  if (options.expires) {
    MUSTER_TRY_ASSIGN(body["expires_in_seconds"], parse_duration(*options.expires, "--expires", 1));
  }
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json made, api->create_resource("/api/v1/tokens", body));
  context.note(fmt::format(
      "The token {} of {}, with the role {}; workspaces: {}; expires: {}. It is shown now and never again:", text_at(made, "id"),
      text_at(made, "user"), text_at(made, "role"), workspace_words(made), expiry_words(made, context.now())));
  context.print(made, text_at(made, "secret") + "\n");
  return Exit::done;
}

Result<Exit> token_list(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, "/api/v1/tokens", {}, "tokens", 0));
  Table table({{"TOKEN"},
               {"USER", Column::Align::left, Column::Give::width},
               {"ROLE"},
               {"WORKSPACE", Column::Align::left, Column::Give::width},
               {"EXPIRES"},
               {"LAST USED", Column::Align::left, Column::Give::all},
               {"CREATED", Column::Align::left, Column::Give::all},
               {"PURPOSE", Column::Align::left, Column::Give::width}});
  const TimeUs now = context.now();
  for (const Json& token : list["tokens"]) {
    const TimeUs used = time_at(token, "last_used_at");
    table.add({{text_at(token, "id")},
               {text_at(token, "user")},
               {text_at(token, "role")},
               {workspace_words(token)},
               {expiry_words(token, now)},
               {used == 0 ? "never" : ago(used, now)},
               {ago(time_at(token, "created_at"), now)},
               {text_at(token, "purpose")}});
  }
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

}  // namespace

void add_token_create(Command& token, Context& context) {
  auto options = std::make_shared<TokenOptions>();
  Command& command = token.verb("create", "Create a token and print it: it is shown this once",
                                [&context, options] { return token_create(context, *options); });
  command.option("--user", "NAME", options->user, "whose it is (yours when not given)");
  command.option("--role", "ROLE", options->role, "reader, contributor or owner (contributor)");
  command.option("--only-workspace", "NAME", options->only_workspace, "the only workspace that it reaches (all when not given)");
  command.option("--purpose", "TEXT", options->purpose, "what it is for, in your words");
  command.option("--expires", "T", options->expires, "after how long it ends, like 12h, 30d (never when not given)");
  context.add_common_options(command);
  command.example("muster token create --user bob --role reader --purpose dashboards --expires 90d");
  command.example("muster token create --user ci > token.txt");
}

void add_token_list(Command& token, Context& context) {
  Command& command = token.verb("list", "List tokens, without their secrets", [&context] { return token_list(context); });
  context.add_common_options(command);
}

void add_token_revoke(Command& token, Context& context) {
  auto id = std::make_shared<std::string>();
  Command& command = token.verb("revoke", "Revoke a token: from now on it opens nothing", [&context, id]() -> Result<Exit> {
    MUSTER_TRY_ASSIGN(const auto api, context.connect());
    MUSTER_TRY(api->del("/api/v1/tokens/" + client::encode_value(*id)));
    context.print(Json{{"revoked", *id}}, fmt::format("The token {} is revoked.\n", *id));
    return Exit::done;
  });
  command.positional("TOKEN", *id, "its id, as `muster token list` shows it");
  context.add_common_options(command);
}

}  // namespace muster::cli
