#pragma once
// What every command has at hand: where to write, which server to ask, whether Ctrl-C was pressed.

#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/terminal.h"
#include "client/server_api.h"

namespace muster::cli {

/// One a program run. Not thread-safe but for what its members say.
class Context {
 public:
  Context();
  ~Context();

  bool json = false;      ///< --json
  std::string server;     ///< --server
  std::string workspace;  ///< --workspace
  Terminal out;
  const Terminal err;

  /// Adds the options that all commands share.
  void add_common_options(Command& command);

  /// The API of the server that was meant. From the first call on Ctrl-C no longer ends the program: it stops what waits (stop_token), and
  /// a second one ends it. So commands that handle signals themselves must not call this.
  Result<std::shared_ptr<client::Api>> connect();
  /// Whether Ctrl-C was pressed since connect().
  bool interrupted() const;
  std::stop_token stop_token() const;

  /// Bars and lines on standard error; with --json there are none.
  Progress::Show progress() const { return json ? Progress::Show::no : Progress::Show::yes; }
  TimeUs now() const { return SystemClock().now_us(); }

  /// `value` as one line, with --json; else `text`.
  void print(const Json& value, const std::string& text) const;
  /// `value` as one line.
  void print_json(const Json& value) const;
  /// One line on standard error, for people: nothing with --json.
  void note(const std::string& line) const;
  /// The error on standard error, as people or (with --json) programs read it.
  void print_error(const Error& error) const;

 private:
  struct Interrupts;
  std::unique_ptr<Interrupts> interrupts_;
};

/// An error in a line, what else is wrong in lines below, and a hint. Pure.
std::string error_text(const Error& error, const Style& style);

}  // namespace muster::cli
