#include "engine/local/watcher.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>

#include "base/log.h"

namespace muster::engine {
namespace {

/// Reaps the process if it is ours to reap.
process::Ended how_it_ended(int pidfd) {
  siginfo_t info{};
  int rc = -1;
  do {
    rc = ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | WNOHANG);
  } while (rc != 0 && errno == EINTR);
  if (rc != 0 || info.si_pid == 0) return {};
  const bool exited = info.si_code == CLD_EXITED;
  return exited ? process::Ended{info.si_status, std::nullopt} : process::Ended{std::nullopt, info.si_status};
}

}  // namespace

Result<std::unique_ptr<Watcher>> Watcher::create() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  epoll_event event{};
  event.events = EPOLLIN;
  if (!epoll || !wake || ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return tl::unexpected(system_error("watch processes", errno));
  }
  return std::unique_ptr<Watcher>(new Watcher(std::move(epoll), std::move(wake)));
}

Watcher::Watcher(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)), thread_([this] { loop(); }) {}

Watcher::~Watcher() {
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void Watcher::watch(Fd pidfd, Ended ended) {
  const std::uint64_t key = next_key_++;
  const int fd = pidfd.get();
  watched_.with([&](auto& watched) { watched.emplace(key, Watched{std::move(pidfd), std::move(ended)}); });
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    log::error("engine", "{}", system_error("watch a process", errno).detail);
    post([this, key] { tell_ended(key); });
  }
}

void Watcher::post(std::function<void()> what) {
  posted_.with([&](auto& posted) { posted.push_back(std::move(what)); });
  ::eventfd_write(wake_.get(), 1);
}

void Watcher::tell_ended(std::uint64_t key) {
  Watched ended;
  const bool known = watched_.with([&](auto& watched) {
    const auto found = watched.find(key);
    if (found == watched.end()) return false;
    ended = std::move(found->second);
    watched.erase(found);
    return true;
  });
  if (!known) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, ended.pidfd.get(), nullptr);
  ended.ended(how_it_ended(ended.pidfd.get()));
}

void Watcher::loop() {
  std::array<epoll_event, 64> events{};
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    if (count < 0 && errno != EINTR) {
      log::error("engine", "{}", system_error("wait for processes to end", errno).detail);
      return;
    }
    for (int i = 0; i < count && !stopping_; ++i) {
      if (events[static_cast<std::size_t>(i)].data.u64 != 0) tell_ended(events[static_cast<std::size_t>(i)].data.u64);
    }
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    const auto posted = posted_.with([](auto& waiting) { return std::exchange(waiting, {}); });
    for (const auto& what : posted) what();
  }
}

}  // namespace muster::engine
