#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "client/uri.h"

namespace muster::cli {
namespace {

Result<Exit> workspace_config(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json workspace, api->get(api->in_workspace({})));
  const client::Address& address = api->address();
  // Azure's keys, so that code written for its SDK reads the file, and ours.
  const nlohmann::ordered_json config{
      {"subscription_id", "muster"},
      {"resource_group", "muster"},
      {"workspace_name", text_at(workspace, "name")},
      {"muster_url", client::pinned_url(address.url, address.fingerprint_in_url ? address.fingerprint : "")}};
  context.out.write(config.dump(context.json ? -1 : 4) + "\n");
  return Exit::done;
}

}  // namespace

void add_workspace_config(Command& workspace, Context& context) {
  Command& command = workspace.verb("config", "Print the config.json that Workspace.from_config() reads",
                                    [&context] { return workspace_config(context); });
  context.add_common_options(command);
  command.example("muster workspace config > config.json");
}

}  // namespace muster::cli
