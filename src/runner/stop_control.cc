#include "runner/stop_control.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>

#include "process/orphans.h"
#include "process/spawn.h"
#include "runner/patient_start.h"

namespace muster::runner {

Result<std::unique_ptr<StopControl>> StopControl::create() {
  Fd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return tl::unexpected(system_error("make an event descriptor", errno));
  return std::unique_ptr<StopControl>(new StopControl(std::move(event)));
}

void StopControl::ask(StopRequest request) {
  const bool first = request_.with([&](auto& known) {
    if (known) return false;
    known = std::move(request);
    return true;
  });
  if (!first) return;
  ::eventfd_write(event_.get(), 1);
  asked_.request_stop();
}

std::optional<StopRequest> StopControl::asked() const {
  return request_.with([](const auto& known) { return known; });
}

Result<std::unique_ptr<SignalListener>> SignalListener::create(StopControl& stop) {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  Fd signals(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return tl::unexpected(system_error("make a descriptor for signals", errno));
  Fd end(::eventfd(0, EFD_CLOEXEC));
  if (!end) return tl::unexpected(system_error("make an event descriptor", errno));
  std::unique_ptr<SignalListener> listener(new SignalListener(stop, std::move(signals), std::move(end)));
  MUSTER_TRY_ASSIGN(listener->thread_, start_thread("signals", {}, [at = listener.get()] { at->listen(); }));
  return listener;
}

SignalListener::~SignalListener() {
  ::eventfd_write(end_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void SignalListener::listen() {
  std::array<pollfd, 2> wanted{pollfd{signals_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
  while (true) {
    if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) return;
    if ((wanted[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if (::read(signals_.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    if (info.ssi_signo == SIGCHLD) {
      process::reap_orphans();
      continue;
    }
    stop_.ask({"signal", fmt::format("its runner was sent {}", process::signal_name(static_cast<int>(info.ssi_signo))), std::nullopt});
  }
}

}  // namespace muster::runner
