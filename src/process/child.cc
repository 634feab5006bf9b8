#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "process/orphans.h"
#include "process/process_table.h"
#include "process/spawn.h"

namespace muster::process {

std::string signal_name(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string to_words(const Ended& ended) {
  return ended.exit_code ? fmt::format("exit code {}", *ended.exit_code) : signal_name(ended.signal.value_or(0));
}

Result<void> Child::signal(int signal) const {
  if (ended_ || ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0) == 0 || errno == ESRCH) return {};
  return tl::unexpected(system_error(fmt::format("send {} to process {}", signal_name(signal), pid_), errno));
}

std::optional<Ended> Child::poll() {
  if (ended_) return ended_;
  siginfo_t info{};
  int rc = -1;
  do {
    rc = ::waitid(P_PIDFD, static_cast<id_t>(pidfd_.get()), &info, WEXITED | WNOHANG);
  } while (rc != 0 && errno == EINTR);
  if (rc != 0 || info.si_pid == 0) return std::nullopt;
  spawned_children().with([&](std::set<pid_t>& spawned) { spawned.erase(pid_); });
  ended_ = info.si_code == CLD_EXITED ? Ended{info.si_status, std::nullopt} : Ended{std::nullopt, info.si_status};
  return ended_;
}

Result<Ended> Child::wait(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (true) {
    if (const auto ended = poll()) return *ended;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return fail(Code::timeout, "process {} still runs after {} ms", pid_, at_most.count());
    pollfd wanted{pidfd_.get(), POLLIN, 0};
    ::poll(&wanted, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1 << 30)));
  }
}

Result<std::int64_t> start_time(pid_t pid) {
  const auto facts = process_facts(pid);
  if (!facts) return fail(Code::not_found, "process {} is gone", pid);
  return facts->start_time;
}

bool is_alive(pid_t pid) {
  const auto facts = process_facts(pid);
  return facts && !facts->ended;
}

}  // namespace muster::process
