#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/server/background.h"

namespace muster::cli {
namespace {

struct Options {
  std::string home;
  std::string listen;
  std::string advertise;
  std::string tls_certificate;
  std::string tls_key;
  bool insecure = false;

  /// What `muster serve` is told, beside its addresses.
  std::vector<std::string> tls() const {
    std::vector<std::string> words;
    if (!tls_certificate.empty()) words.insert(words.end(), {"--tls-certificate", std::filesystem::absolute(tls_certificate).string()});
    if (!tls_key.empty()) words.insert(words.end(), {"--tls-key", std::filesystem::absolute(tls_key).string()});
    if (insecure) words.emplace_back("--insecure");
    return words;
  }
};

Result<Exit> up(Context& context, const Options& options) {
  MUSTER_TRY_ASSIGN(const auto home, chosen_home(options.home));
  MUSTER_TRY_ASSIGN(const Started started, start_in_background(home, options.listen, options.advertise, options.tls()));
  const Json& server = member(started.status, "server");
  const std::string url = text_at(server, "url");
  std::string text = started.was_running
                         ? fmt::format("The server runs already at {} (pid {}).\n", url, number_at(server, "pid"))
                         : fmt::format("The server runs at {} (pid {}); its home is {}.\n", url, number_at(server, "pid"), home.string());
  if (const std::string fingerprint = text_at(server, "fingerprint"); !fingerprint.empty())
    text += fmt::format("Its certificate is {}: compare it when `muster login {}` asks.\n", fingerprint, url);
  if (!started.was_running) text += "Next: muster run submit --script train.py --follow\n";
  if (options.insecure && !started.was_running) context.note("Without TLS whoever can read the network's traffic reads tokens and data.");
  if (started.was_running && !(options.listen.empty() && options.advertise.empty() && options.tls().empty())) {
    context.note("It keeps its address and certificate. To change that, end it with `muster down` first.");
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
  command.option("--tls-certificate", "FILE", options->tls_certificate,
                 "the server's certificate, a PEM file (beyond this machine it makes one of its own when none is given)");
  command.option("--tls-key", "FILE", options->tls_key, "the certificate's key, a PEM file");
  command.flag("--insecure", options->insecure, "listen beyond this machine without TLS: others can read and change what is sent");
  command.option("--home", "DIR", options->home, "where it keeps everything (else MUSTER_HOME, or ~/.muster)");
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster up");
  command.example("muster up --listen 0.0.0.0:6464 --advertise https://gpu-box:6464");
}

}  // namespace muster::cli
