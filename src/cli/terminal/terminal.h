#pragma once
// Standard output and standard error: what they are and how to write to them.

#include <cstddef>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "cli/terminal/style.h"
#include "cli/terminal/width.h"

namespace muster::cli {

struct Terminal {
  int fd = 1;
  bool is_terminal = false;
  std::size_t width = 0;  ///< columns; 0: no limit, since nobody reads it on a screen
  Style style;

  /// Looks at the descriptor, and at NO_COLOR, TERM and COLUMNS.
  static Terminal detect(int fd);

  /// Told of the first failed write; nothing when the output may be lost, as standard error may.
  std::function<void(const Error&)> on_failure;

  /// Writes all, at once. A reader that has gone away (`muster … | head`) ends the program quietly.
  void write(std::string_view bytes) const;
};

/// Where a log is written: as it is, or on a terminal without what could steer it.
class LogOutput {
 public:
  explicit LogOutput(const Terminal& terminal) : terminal_(terminal), filter_([this](std::string_view bytes) { terminal_.write(bytes); }) {}
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

  void write(std::string_view bytes) {
    if (terminal_.is_terminal)
      filter_.write(bytes);
    else
      terminal_.write(bytes);
  }
  void finish() { filter_.finish(); }

 private:
  const Terminal& terminal_;
  LogFilter filter_;
};

}  // namespace muster::cli
