#include "environment/command.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"

namespace muster::environment {
namespace {

using std::chrono::steady_clock;

constexpr int kPollMs = 100;

struct Pipe {
  Fd reading;
  Fd writing;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return tl::unexpected(system_error("make a pipe", errno));
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  if (::fcntl(pipe.reading.get(), F_SETFL, O_NONBLOCK) != 0) return tl::unexpected(system_error("set up a pipe", errno));
  return pipe;
}

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

Result<process::Ended> run_command(const Command& command, const process::ProcessGroup& group, steady_clock::time_point deadline,
                                   const std::function<void(std::string_view)>& on_output, const std::function<Result<void>()>& stop) {
  MUSTER_TRY_ASSIGN(Pipe pipe, make_pipe());
  process::SpawnOptions options;
  options.command = command.words;
  options.variables = command.variables;
  for (const auto& [name, value] : group.variables()) options.variables[name] = value;
  options.folder = command.folder;
  options.output = pipe.writing.get();
  options.cgroups = group.cgroups();
  MUSTER_TRY_ASSIGN(process::Child child, process::spawn(options));
  pipe.writing.reset();

  bool open = true;
  while (true) {
    std::array<pollfd, 2> waiting{{{child.pidfd(), POLLIN, 0}, {open ? pipe.reading.get() : -1, POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), kPollMs);
    if (open) open = drain(pipe.reading.get(), on_output);
    // The program's end counts, not its output's: a process it left behind may hold the pipe open for ever.
    if (const auto ended = child.poll()) {
      if (open) drain(pipe.reading.get(), on_output);
      return *ended;
    }
    Result<void> go_on = stop();
    if (go_on && steady_clock::now() > deadline) go_on = fail(Code::timeout, "{} did not end in time", join(command.words, " "));
    if (!go_on) {
      MUSTER_TRY(group.kill(process::kKillDeadline));
      // Its memory is the kernel's until it is reaped.
      MUSTER_TRY(child.wait(process::kKillDeadline));
      return tl::unexpected(go_on.error());
    }
  }
}

}  // namespace muster::environment
