#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/times.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

Result<Exit> status(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(const Json answer, api->get("/api/v1/status"));
  const Json& server = member(answer, "server");
  const Json& runs = member(answer, "runs");
  const TimeUs started = time_at(server, "started_at");
  std::string text = fmt::format("server   {}  {}\n", text_at(server, "url"), context.out.style.paint("up", Tone::good));
  if (const std::string fingerprint = text_at(server, "fingerprint"); !fingerprint.empty())
    text += fmt::format("         its certificate is {}\n", fingerprint);
  text += fmt::format("version  {}\n", text_at(server, "version"));
  if (started != 0) text += fmt::format("since    {} ({})\n", ago(started, context.now()), date_and_time(started));
  text += fmt::format("pid      {}\n", number_at(server, "pid"));
  text += fmt::format("home     {}  ({} free)\n", text_at(server, "home"),
                      human_size(static_cast<std::uint64_t>(number_at(member(answer, "storage"), "bytes_free"))));
  text += fmt::format("runs     {} active, {} queued\n", number_at(runs, "active"), number_at(runs, "queued"));
  for (const Json& warning : member(answer, "warnings")) {
    if (warning.is_string())
      text += context.out.style.paint("warning:", Tone::warning) + " " + printable(warning.get<std::string>()) + "\n";
  }
  context.print(answer, text);
  return Exit::done;
}

}  // namespace

void add_status(Command& root, Context& context) {
  Command& command =
      root.verb("status", "Show whether the server runs, where, and how many runs it has", [&context] { return status(context); });
  context.add_common_options(command);
  command.example("muster status --json");
}

}  // namespace muster::cli
