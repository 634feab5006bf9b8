#include "server/application.h"

#include "cli/commands.h"
#include "cli/server/background.h"

namespace muster::cli {

void add_serve(Command& root, Context& context) {
  auto options = std::make_shared<server::ServeOptions>();
  auto home = std::make_shared<std::string>();
  Command& command = root.verb("serve", "Run the server in the foreground, until SIGTERM or Ctrl-C. Runs go on without it",
                               [options, home]() -> Result<Exit> {
                                 MUSTER_TRY_ASSIGN(options->home, chosen_home(*home));
                                 MUSTER_TRY(server::serve(*options));
                                 return Exit::done;
                               });
  command.option("--listen", "HOST:PORT", options->listen,
                 "where to listen (the first time 127.0.0.1:6464, or a free port when that is taken; then as before)");
  command.option("--advertise", "URL", options->advertise, "the address by which other machines reach this server");
  command.option("--tls-certificate", "FILE", options->tls_certificate,
                 "the server's certificate, a PEM file (beyond this machine it makes one of its own when none is given)");
  command.option("--tls-key", "FILE", options->tls_key, "the certificate's key, a PEM file");
  command.flag("--insecure", options->insecure, "listen beyond this machine without TLS: others can read and change what is sent");
  command.option("--home", "DIR", *home, "where it keeps everything (else MUSTER_HOME, or ~/.muster)");
  command.flag("--json", context.json, "print errors as JSON, for programs");
  command.example("muster serve");
}

}  // namespace muster::cli
