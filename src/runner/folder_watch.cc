#include "runner/folder_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include <algorithm>
#include <array>

namespace muster::runner {
namespace {

constexpr std::chrono::milliseconds kBlindPoll{50};
constexpr std::uint32_t kNames = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

FolderWatch::FolderWatch() : inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void FolderWatch::add(const std::filesystem::path& folder) {
  if (!inotify_ || ::inotify_add_watch(inotify_.get(), folder.c_str(), kNames | IN_MODIFY | IN_ONLYDIR | IN_DONT_FOLLOW) < 0) blind_ = true;
}

FolderWatch::Changed FolderWatch::wait(std::chrono::milliseconds at_most) {
  std::array<pollfd, 2> wanted{pollfd{wake_.get(), POLLIN, 0}, pollfd{inotify_.get(), POLLIN, 0}};
  const auto time = blind_ ? std::min(at_most, kBlindPoll) : at_most;
  Changed changed{.names = blind_};
  if (::poll(wanted.data(), wanted.size(), static_cast<int>(time.count())) <= 0) return Changed{.names = true};
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  alignas(inotify_event) std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return changed;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & (kNames | IN_Q_OVERFLOW)) != 0) changed.names = true;
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
  }
}

void FolderWatch::wake() { ::eventfd_write(wake_.get(), 1); }

}  // namespace muster::runner
