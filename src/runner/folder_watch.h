#pragma once
// Waiting until something changes in some folders.

#include <chrono>
#include <filesystem>

#include "base/fd.h"

namespace muster::runner {

/// inotify, with a slow poll as the safety net: where no watch can be had (limits, some network file systems) wait() just returns soon.
/// Not thread-safe, but for wake().
class FolderWatch {
 public:
  FolderWatch();

  /// Names made, moved or removed in the folder, and files written there, end the next wait. Adding a folder again is fine and cheap.
  void add(const std::filesystem::path& folder);

  struct Changed {
    bool names = false;  ///< a file or folder came or went (or that cannot be told)
  };
  /// Until something changes, wake() is called or the time is over.
  Changed wait(std::chrono::milliseconds at_most);
  /// Ends the wait that goes on, or the next one.
  void wake();

 private:
  Fd inotify_;
  Fd wake_;
  bool blind_ = false;  ///< some folder is not watched
};

}  // namespace muster::runner
