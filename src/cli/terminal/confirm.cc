#include "cli/terminal/confirm.h"

#include <unistd.h>

#include <string>

#include <fmt/format.h>

namespace muster::cli {

bool confirm(const Terminal& err, std::string_view question) {
  if (::isatty(STDIN_FILENO) != 1) return false;
  err.write(fmt::format("{} [yes/no] ", question));
  constexpr std::size_t kLongestAnswer = 16;
  std::string line;
  char c = 0;
  while (line.size() < kLongestAnswer && ::read(STDIN_FILENO, &c, 1) == 1 && c != '\n') line += c;
  return line == "yes" || line == "y";
}

}  // namespace muster::cli
