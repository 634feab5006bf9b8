#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/fields.h"
#include "cli/terminal/confirm.h"
#include "cli/terminal/hidden_input.h"
#include "client/address.h"
#include "client/credentials.h"
#include "client/http_connection.h"
#include "client/uri.h"

namespace muster::cli {
namespace {

/// A token is never taken from the command line, where every user of the machine could read it.
Result<std::string> read_token(const Context& context) {
  constexpr std::size_t kLongestToken = 4096;
  MUSTER_TRY_ASSIGN(std::string token, read_hidden_line(context.err, "Token: ", kLongestToken));
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty())
    return fail_hint(Code::invalid, "type it when asked, or give it on standard input: `muster login URL < FILE`", "no token was given");
  return token;
}

struct LoginOptions {
  std::string url;
  std::string fingerprint;
};

/// The fingerprint to keep for the server: the given one, the one that the user confirms, or "" when an authority vouches for its
/// certificate.
Result<std::string> fingerprint_to_keep(const Context& context, const LoginOptions& options) {
  MUSTER_TRY_ASSIGN(const client::HostPort server, client::parse_server_url(options.url));
  if (!options.fingerprint.empty()) {
    const auto fingerprint = client::parse_fingerprint(options.fingerprint);
    if (!server.tls || !fingerprint) {
      return fail_hint(Code::invalid, "a fingerprint is SHA256: and 64 hex digits, for an address that begins with https://",
                       "--fingerprint {} cannot be used for {}", options.fingerprint, options.url);
    }
    return *fingerprint;
  }
  if (!server.tls || !server.fingerprint.empty()) return server.fingerprint;
  MUSTER_TRY_ASSIGN(const client::ShownCertificate shown, client::look_at_certificate(server));
  if (shown.trusted) return "";
  context.err.write(fmt::format("No authority that this machine trusts vouches for the certificate of {}.\nIts fingerprint is SHA256:{}\n",
                                server.text(), shown.fingerprint));
  if (confirm(context.err, "Is it the one that `muster up` or `muster status` shows on the server's machine?")) return shown.fingerprint;
  return fail_hint(
      Code::unauthorized,
      fmt::format("compare it with what `muster status` shows on the server's machine, then: muster login {} --fingerprint SHA256:{}",
                  options.url, shown.fingerprint),
      "the fingerprint of the server at {} was not confirmed", options.url);
}

Result<Exit> login(Context& context, const LoginOptions& options) {
  MUSTER_TRY_ASSIGN(const std::string fingerprint, fingerprint_to_keep(context, options));
  MUSTER_TRY_ASSIGN(const std::string token, read_token(context));
  client::AddressHints hints = client::hints_of_process();
  hints.server = options.url;
  hints.variables["MUSTER_TOKEN"] = token;
  client::ApiOptions connection;
  MUSTER_TRY_ASSIGN(connection.address, client::find_address(hints));
  connection.address.fingerprint = fingerprint;
  connection.address.token_hint = "give the token of that server";
  const std::string address = connection.address.url;
  MUSTER_TRY_ASSIGN(const auto api, client::Api::create(std::move(connection)));
  MUSTER_TRY_ASSIGN(const Json status, api->get("/api/v1/status"));
  MUSTER_TRY_ASSIGN(const auto home, client::home_folder(hints.variables));
  MUSTER_TRY(client::store_token(home, address, token, fingerprint));
  context.print(Json{{"url", address}, {"version", text_at(member(status, "server"), "version")}},
                fmt::format("The token is valid, and stored in {}.\nUse the server with --server {}, MUSTER_URL, or a config.json from "
                            "`muster workspace config --server {}`.\n",
                            (home / "credentials").string(), address, address));
  return Exit::done;
}

}  // namespace

void add_login(Command& root, Context& context) {
  auto options = std::make_shared<LoginOptions>();
  Command& command = root.verb("login", "Store the token of a server. It is asked for, or read from standard input",
                               [&context, options] { return login(context, *options); });
  command.positional("URL", options->url, "the server's address");
  command.option("--fingerprint", "SHA256:HEX", options->fingerprint,
                 "the fingerprint of the server's own certificate, instead of being asked");
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster login https://gpu-box:6464");
  command.example("muster login https://gpu-box:6464 --fingerprint SHA256:HEX < token.txt");
}

}  // namespace muster::cli
