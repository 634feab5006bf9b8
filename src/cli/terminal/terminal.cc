#include "cli/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/file.h"
#include "base/text.h"

namespace muster::cli {
namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr int kBrokenPipeExit = 141;  // what a shell shows for a program ended by SIGPIPE

std::size_t width_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  std::int64_t columns = 0;
  const char* variable = std::getenv("COLUMNS");
  if (variable != nullptr && parse_int64(variable, columns) && columns > 0) return static_cast<std::size_t>(columns);
  return kDefaultWidth;
}

}  // namespace

Terminal Terminal::detect(int fd) {
  Terminal terminal;
  terminal.fd = fd;
  terminal.is_terminal = ::isatty(fd) == 1;
  if (!terminal.is_terminal) return terminal;
  terminal.width = width_of(fd);
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  terminal.style = Style((no_colour == nullptr || *no_colour == '\0') && kind != nullptr && std::string_view(kind) != "dumb");
  return terminal;
}

void Terminal::write(std::string_view bytes) const {
  const auto written = write_all(fd, bytes);
  if (written) return;
  if (errno == EPIPE) std::_Exit(kBrokenPipeExit);
  if (on_failure) on_failure(written.error());
}

}  // namespace muster::cli
