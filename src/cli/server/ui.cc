// `muster ui`: a link that opens the page already signed in.

#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/run/run_page.h"

namespace muster::cli {
namespace {

/// The page of the workspace's runs, or of one of them, which has to be there.
Result<std::string> page_of(client::Api& api, const std::string& run) {
  if (run.empty()) return run_page(api, "");
  MUSTER_TRY_ASSIGN(const Json found, api.get(api.in_workspace({"runs", run})));
  return run_page(api, text_at(found, "run_id"));
}

/// The secret stands behind the '#': browsers send that to nobody, and keep it out of logs.
Result<Exit> ui(Context& context, const std::string& run) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const std::string url, page_of(*api, run));
  MUSTER_TRY_ASSIGN(const Json link, api->post("/api/v1/session/links", Json::object()));
  context.note("Open this in a browser on a machine that reaches the server. It signs you in once, within two minutes:");
  context.print(Json{{"url", url}, {"link", url + "#link=" + text_at(link, "link")}, {"expires_at", text_at(link, "expires_at")}},
                url + "#link=" + text_at(link, "link") + "\n");
  return Exit::done;
}

}  // namespace

void add_ui(Command& root, Context& context) {
  auto run = std::make_shared<std::string>();
  Command& command =
      root.verb("ui", "Print a link that opens the page in a browser, already signed in", [&context, run] { return ui(context, *run); });
  command.optional_positional("RUN", *run, "the run to show (the list of runs when not given)");
  context.add_common_options(command);
  command.example("muster ui");
  command.example("muster ui birds_1795230131_0a1b2c3d");
}

}  // namespace muster::cli
