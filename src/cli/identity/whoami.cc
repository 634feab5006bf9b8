#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/identity/token_view.h"
#include "cli/terminal/times.h"

namespace muster::cli {
namespace {

Result<Exit> whoami(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json me, api->get("/api/v1/me"));
  const Json& token = member(me, "token");
  std::string text = fmt::format("user       {}\n", text_at(me, "user"));
  text += fmt::format("role       {}\n", text_at(me, "role"));
  text += fmt::format("workspace  {}\n", workspace_words(token));
  text += fmt::format("token      {}{}\n", text_at(token, "id"),
                      text_at(token, "purpose").empty() ? "" : fmt::format("  ({})", text_at(token, "purpose")));
  text += fmt::format("expires    {}\n", expiry_words(token, context.now()));
  context.print(me, text);
  return Exit::done;
}

}  // namespace

void add_whoami(Command& root, Context& context) {
  Command& command =
      root.verb("whoami", "Show as whom the server knows you, and what your token may do", [&context] { return whoami(context); });
  context.add_common_options(command);
}

}  // namespace muster::cli
