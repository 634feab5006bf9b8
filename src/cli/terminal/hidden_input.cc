#include "cli/terminal/hidden_input.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace muster::cli {
namespace {

volatile std::sig_atomic_t caught_signal = 0;

/// Keeps what is typed off the screen for as long as it lives. Signals that would end or stop the program meanwhile only interrupt what
/// reads; they are passed on once the terminal is as it was.
class NoEcho {
 public:
  NoEcho() : on_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    caught_signal = 0;
    struct sigaction note {};
    note.sa_handler = [](int signal) { caught_signal = signal; };  // without SA_RESTART: read() returns
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &note, &actions_[i]);
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (on_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &actions_[i], nullptr);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
  termios before_{};
  bool on_;
  std::array<struct sigaction, kSignals.size()> actions_{};
};

enum class Until { end_of_line, end_of_input };

/// A signal ends it early. One byte more than the limit is read, and no more.
std::string read_input(Until until, std::size_t limit) {
  std::string text;
  char c = 0;
  // Byte by byte: what follows a line is not ours. Polled with a deadline, since a signal may come just before the wait.
  while (caught_signal == 0 && text.size() <= limit) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    if (::poll(&input, 1, 100) <= 0) continue;
    const ssize_t got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || (c == '\n' && until == Until::end_of_line)) break;
    text += c;
  }
  return text;
}

Result<std::string> read_hidden(const Terminal& err, std::string_view question, Until until, std::size_t limit) {
  const bool asks = ::isatty(STDIN_FILENO) == 1;
  std::string text;
  do {
    {
      const NoEcho quiet;  // before the question: what is typed in answer to it is neither shown nor flushed
      if (asks) err.write(question);
      text = read_input(asks ? Until::end_of_line : until, limit);
    }
    if (asks) err.write("\n");
    // As if it came now: it ends the program, or stops it (Ctrl-Z) until the question is asked again.
    if (caught_signal != 0) ::raise(caught_signal);
  } while (caught_signal != 0);
  if (text.size() > limit) return fail(Code::invalid, "what was given on standard input is longer than {} bytes", limit);
  return text;
}

}  // namespace

Result<std::string> read_hidden_line(const Terminal& err, std::string_view question, std::size_t limit) {
  return read_hidden(err, question, Until::end_of_line, limit);
}

Result<std::string> read_hidden_text(const Terminal& err, std::string_view question, std::size_t limit) {
  // With the end of the last line, "\r\n" at most, beside the limit.
  MUSTER_TRY_ASSIGN(std::string text, read_hidden(err, question, Until::end_of_input, limit + 2));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace muster::cli
