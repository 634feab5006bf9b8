#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/server/background.h"
#include "server/address.h"
#include "server/home.h"

namespace muster::cli {
namespace {

/// Whether the server listens beyond this machine without TLS, whether that was told now or before.
bool others_can_read(const std::filesystem::path& home) {
  const auto kept = server::kept_start(server::Home{home});
  if (!kept || kept->scheme == "https") return false;
  const auto address = server::parse_address(kept->told.listen);
  return address && !server::is_loopback(*address);
}

Result<Exit> up(Context& context, const server::ServeOptions& options) {
  MUSTER_TRY_ASSIGN(const Started started, start_in_background(options));
  const Json& server = member(started.status, "server");
  const std::string url = text_at(server, "url");
  std::string text = started.was_running ? fmt::format("The server runs already at {} (pid {}).\n", url, number_at(server, "pid"))
                                         : fmt::format("The server runs at {} (pid {}); its home is {}.\n", url, number_at(server, "pid"),
                                                       options.home.string());
  if (const std::string fingerprint = text_at(server, "fingerprint"); !fingerprint.empty())
    text += fmt::format("Its certificate is {}: compare it when `muster login {}` asks.\n", fingerprint, url);
  if (!started.was_running) text += "Next: muster run submit --script train.py --follow\n";
  if (!started.was_running && others_can_read(options.home))
    context.note("Without TLS whoever can read the network's traffic reads tokens and data.");
  server::ServeOptions without_wishes;
  without_wishes.home = options.home;
  if (started.was_running && options != without_wishes) {
    context.note("It keeps its address and certificate. To change that, end it with `muster down` first.");
  }
  context.print(started.status, text);
  return Exit::done;
}

}  // namespace

void add_up(Command& root, Context& context) {
  auto options = std::make_shared<server::ServeOptions>();
  auto home = std::make_shared<std::string>();
  Command& command =
      root.verb("up", "Start the server in the background. When it runs already, say so", [&context, options, home]() -> Result<Exit> {
        MUSTER_TRY_ASSIGN(options->home, chosen_home(*home));
        return up(context, *options);
      });
  add_server_options(command, *options, *home);
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster up");
  command.example("muster up --listen 0.0.0.0:6464 --advertise https://gpu-box:6464");
}

}  // namespace muster::cli
