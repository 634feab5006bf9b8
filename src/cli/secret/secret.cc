#include <memory>

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/hidden_input.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "client/pages.h"
#include "model/secret.h"

namespace muster::cli {
namespace {

Result<Exit> secret_set(Context& context, const std::string& name) {
  if (const auto fault = model::secret_name_fault(name)) return fail(Code::invalid, "the name of a secret {}", *fault);
  MUSTER_TRY_ASSIGN(const std::string value, read_hidden_text(context.err, "Value: ", model::kLongestSecretValue));
  if (const auto fault = model::secret_value_fault(value)) {
    return fail_hint(Code::invalid, fmt::format("type it when asked, or give it on standard input: `muster secret set {} < FILE`", name),
                     "the value {}", *fault);
  }
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json secret, api->put(api->in_workspace({"secrets", name}), Json{{"value", value}}));
  context.print(secret, fmt::format("The secret {} is set. In a job: run.get_secret(\"{}\")\n", name, name));
  return Exit::done;
}

Result<Exit> secret_list(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json list, client::get_list(*api, api->in_workspace({"secrets"}), {}, "secrets", 0));
  Table table({{"SECRET", Column::Align::left, Column::Give::width}, {"SET"}, {"BY", Column::Align::left, Column::Give::width}});
  for (const Json& secret : list["secrets"])
    table.add({{text_at(secret, "name")}, {ago(time_at(secret, "updated_at"), context.now())}, {text_at(secret, "updated_by")}});
  context.print(list, table.render(context.out.width, context.out.style));
  return Exit::done;
}

Result<Exit> secret_delete(Context& context, const std::string& name) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY(api->del(api->in_workspace({"secrets", name})));
  context.print(Json{{"deleted", name}}, fmt::format("The secret {} is deleted.\n", name));
  return Exit::done;
}

}  // namespace

void add_secret_set(Command& secret, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = secret.verb("set", "Store a secret. Its value is asked for, or read from standard input",
                                 [&context, name] { return secret_set(context, *name); });
  command.positional("NAME", *name, "letters, digits, '-' and '_'");
  context.add_common_options(command);
  command.example("muster secret set hf-token");
  command.example("muster secret set hf-token < token.txt");
}

void add_secret_list(Command& secret, Context& context) {
  Command& command = secret.verb("list", "List secrets, without their values", [&context] { return secret_list(context); });
  context.add_common_options(command);
}

void add_secret_delete(Command& secret, Context& context) {
  auto name = std::make_shared<std::string>();
  Command& command = secret.verb("delete", "Delete a secret", [&context, name] { return secret_delete(context, *name); });
  command.positional("NAME", *name, "its name, as `muster secret list` shows it");
  context.add_common_options(command);
}

}  // namespace muster::cli
