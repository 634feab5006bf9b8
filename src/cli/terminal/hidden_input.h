#pragma once
// What must not be seen: typed without showing on the screen, or given on standard input; never on the command line.

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/terminal/terminal.h"

namespace muster::cli {

/// One line of standard input, without its end; on a terminal asked for by `question`, on `err`, and not shown. A signal meanwhile (Ctrl-C,
/// Ctrl-Z) finds the terminal as it was; after Ctrl-Z the question is asked again. invalid: the line is longer than `limit`.
Result<std::string> read_hidden_line(const Terminal& err, std::string_view question, std::size_t limit);

/// The same on a terminal; else all of standard input, without the end of its last line.
Result<std::string> read_hidden_text(const Terminal& err, std::string_view question, std::size_t limit);

}  // namespace muster::cli
