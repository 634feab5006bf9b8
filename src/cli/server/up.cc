#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/server/background.h"

namespace muster::cli {
namespace {

struct Options {
  std::string home;
  std::string listen;
  std::string advertise;
};

Result<Exit> up(Context& context, const Options& options) {
  MUSTER_TRY_ASSIGN(const auto home, chosen_home(options.home));
  MUSTER_TRY_ASSIGN(const Started started, start_in_background(home, options.listen, options.advertise));
  const Json& server = member(started.status, "server");
  const std::string url = text_at(server, "url");
  std::string text = started.was_running
                         ? fmt::format("The server runs already at {} (pid {}).\n", url, number_at(server, "pid"))
                         : fmt::format("The server runs at {} (pid {}); its home is {}.\n", url, number_at(server, "pid"), home.string());
  if (!started.was_running) text += "Next: muster run submit --script train.py --follow\n";
  if (started.was_running && !(options.listen.empty() && options.advertise.empty())) {
    context.note("It keeps its address. To change that, end it with `muster down` first.");
  }
  context.print(started.status, text);
  return Exit::done;
}

}  // namespace

void add_up(Command& root, Context& context) {
  auto options = std::make_shared<Options>();
  Command& command = root.verb("up", "Start the server in the background. When it runs already, say so",
                               [&context, options] { return up(context, *options); });
  command.option("--listen", "HOST:PORT", options->listen,
                 "where to listen (the first time 127.0.0.1:6464, or a free port when that is taken; then as before)");
  command.option("--advertise", "URL", options->advertise, "the address by which other machines reach this server");
  command.option("--home", "DIR", options->home, "where it keeps everything (else MUSTER_HOME, or ~/.muster)");
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster up");
  command.example("muster up --listen 0.0.0.0:6464 --advertise http://gpu-box:6464");
}

}  // namespace muster::cli
