#include <termios.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/fields.h"
#include "client/address.h"

namespace muster::cli {
namespace {

/// Keeps what is typed off the screen for as long as it lives.
class NoEcho {
 public:
  NoEcho() : on_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  termios before_{};
  bool on_;
};

/// One line of standard input: a token is never taken from the command line, where every user of the machine could read it.
Result<std::string> read_token(const Context& context) {
  constexpr std::size_t kLimit = 4096;
  const bool asks = ::isatty(STDIN_FILENO) == 1;
  std::string token;
  {
    const NoEcho quiet;  // before the question: what is typed in answer to it is neither shown nor flushed
    if (asks) context.err.write("Token: ");
    char c = 0;
    while (token.size() < kLimit && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') token += c;
  }
  if (asks) context.err.write("\n");
  while (!token.empty() && (token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty())
    return fail_hint(Code::invalid, "the token is read from standard input: `muster login URL < file`", "no token was given");
  return token;
}

Result<Exit> login(Context& context, const std::string& url) {
  client::AddressHints hints = client::hints_of_process();
  MUSTER_TRY_ASSIGN(const std::string token, read_token(context));
  hints.server = url;
  hints.variables["MUSTER_TOKEN"] = token;
  client::ApiOptions options;
  MUSTER_TRY_ASSIGN(options.address, client::find_address(hints));
  const std::string address = options.address.url;
  MUSTER_TRY_ASSIGN(const auto api, client::Api::create(std::move(options)));
  MUSTER_TRY_ASSIGN(const Json status, api->get("/api/v1/status"));
  MUSTER_TRY_ASSIGN(const auto home, client::home_folder(hints.variables));
  MUSTER_TRY(client::store_token(home, address, token));
  context.print(Json{{"url", address}, {"version", text_at(member(status, "server"), "version")}},
                fmt::format("The token is right, and kept in {}.\nUse the server with --server {}, MUSTER_URL, or a config.json from "
                            "`muster workspace config --server {}`.\n",
                            (home / "credentials").string(), address, address));
  return Exit::done;
}

}  // namespace

void add_login(Command& root, Context& context) {
  auto url = std::make_shared<std::string>();
  Command& command = root.verb("login", "Keep the token for a server elsewhere. It is asked for, or read from standard input",
                               [&context, url] { return login(context, *url); });
  command.positional("URL", *url, "the server's address");
  command.flag("--json", context.json, "print JSON, for programs");
  command.example("muster login http://gpu-box:6464");
  command.example("muster login http://gpu-box:6464 < token.txt");
}

}  // namespace muster::cli
