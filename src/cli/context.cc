#include "cli/context.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include <nlohmann/json.hpp>

#include "cli/terminal/width.h"
#include "client/problem.h"

namespace muster::cli {
namespace {

/// Programs get the characters as they are; a terminal gets escapes for those that could steer it.
std::string json_line(const Json& value, const Terminal& terminal) {
  const std::string text = dump_json(value);
  if (!terminal.is_terminal || printable(text) == text) return text + "\n";
  return value.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

/// What to say when others may read the tokens: whoever has one may do all that its owner may. "" when all is well.
std::string exposed_credentials(const std::map<std::string, std::string>& variables) {
  const auto home = client::home_folder(variables);
  struct stat info {};
  if (!home || ::stat((*home / "credentials").c_str(), &info) != 0 || (info.st_mode & 077) == 0) return "";
  return fmt::format("others can read the tokens in {0}; `chmod 600 {0}` ends that", (*home / "credentials").string());
}

}  // namespace

/// Takes SIGINT and SIGTERM on a thread of its own and turns them into a stop.
struct Context::Interrupts {
  Interrupts() {
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    thread = std::jthread([this] { watch(); });
  }

  ~Interrupts() {
    ended = true;
    pthread_kill(thread.native_handle(), SIGUSR1);
  }

  void watch() {
    while (true) {
      int signal = 0;
      if (sigwait(&signals, &signal) != 0 || ended) return;
      if (signal == SIGUSR1) continue;
      // A second Ctrl-C ends the program at once.
      if (!stop.request_stop()) ::_exit(static_cast<int>(Exit::interrupted));
    }
  }

  sigset_t signals{};
  std::stop_source stop;
  std::atomic<bool> ended{false};
  std::jthread thread;
};

Context::Context() : out(Terminal::detect(STDOUT_FILENO)), err(Terminal::detect(STDERR_FILENO)) {
  // Output that is cut short is an error, so that a script does not take it for all of it. The program ends, as after a broken pipe.
  out.on_failure = [this](const Error& error) {
    print_error(Error{error.code, "standard output: " + error.detail, error.hint, {}});
    std::_Exit(static_cast<int>(exit_of(error.code)));
  };
}
Context::~Context() = default;

void Context::add_common_options(Command& command) {
  command.flag("--json", json, "print JSON, for programs");
  command.option("--server", "URL", server, "the server's address (else MUSTER_URL, config.json, the one that runs here)");
  command.option("--workspace", "NAME", workspace, "the workspace (else MUSTER_WORKSPACE, config.json's, or default)");
}

Result<std::shared_ptr<client::Api>> Context::connect() {
  if (!interrupts_) interrupts_ = std::make_unique<Interrupts>();
  client::AddressHints hints = client::hints_of_process();
  hints.server = server;
  hints.workspace = workspace;
  client::ApiOptions options;
  MUSTER_TRY_ASSIGN(options.address, client::find_address(hints));
  if (const std::string exposed = exposed_credentials(hints.variables); !exposed.empty())
    note(err.style.paint("warning:", Tone::warning) + " " + printable(exposed));
  options.stop = interrupts_->stop.get_token();
  return client::Api::create(std::move(options));
}

bool Context::interrupted() const { return interrupts_ != nullptr && interrupts_->stop.stop_requested(); }

std::stop_token Context::stop_token() const { return interrupts_ == nullptr ? std::stop_token() : interrupts_->stop.get_token(); }

void Context::print(const Json& value, const std::string& text) const {
  if (json)
    print_json(value);
  else
    out.write(printable_lines(text));
}

void Context::print_json(const Json& value) const { out.write(json_line(value, out)); }

void Context::note(const std::string& line) const {
  if (!json) err.write(printable_lines(line) + "\n");
}

void Context::print_error(const Error& error) const {
  if (json)
    err.write(json_line(client::problem_of(error), err));
  else
    err.write(error_text(error, err.style));
}

std::string error_text(const Error& error, const Style& style) {
  std::string text = style.paint("error:", Tone::bad) + " " + printable(error.detail) + "\n";
  // The detail of an input's error often says them all already; a list is worth its lines when it says more.
  if (error.errors.size() > 1) {
    for (const FieldError& one : error.errors) {
      text += "  " + printable(one.field) + (one.field.empty() || one.detail.empty() ? "" : " ") + printable(one.detail) + "\n";
    }
  }
  if (!error.hint.empty()) text += style.paint("hint:", Tone::active) + "  " + printable(error.hint) + "\n";
  return text;
}

}  // namespace muster::cli
