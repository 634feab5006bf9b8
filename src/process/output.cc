#include "process/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace muster::process {
namespace {

constexpr int kPollMs = 100;

/// Gives on what is there; false at the end of the output.
bool drain(int fd, const std::function<void(std::string_view)>& on_output) {
  std::array<char, 1 << 14> buffer;
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n > 0)
      on_output({buffer.data(), static_cast<std::size_t>(n)});
    else if (n == 0)
      return false;
    else if (errno != EINTR)
      return errno == EAGAIN;
  }
}

}  // namespace

Result<OutputPipe> make_output_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return tl::unexpected(system_error("make a pipe", errno));
  OutputPipe pipe{Fd(ends[0]), Fd(ends[1])};
  if (::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK) != 0) return tl::unexpected(system_error("set up a pipe", errno));
  return pipe;
}

Result<Ended> follow_output(Child& child, const Fd& reading, const std::function<void(std::string_view)>& on_output,
                            const std::function<Result<void>()>& go_on) {
  bool open = true;
  while (true) {
    std::array<pollfd, 2> waiting{{{child.pidfd(), POLLIN, 0}, {open ? reading.get() : -1, POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), kPollMs);
    if (open) open = drain(reading.get(), on_output);
    if (const auto ended = child.poll()) {
      if (open) drain(reading.get(), on_output);
      return *ended;
    }
    MUSTER_TRY(go_on());
  }
}

}  // namespace muster::process
