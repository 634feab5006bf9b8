#pragma once
// Progress of transfers on standard error: a bar on a terminal, plain lines elsewhere.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "cli/terminal/terminal.h"

namespace muster::cli {

/// "Uploading [██████████··············]  42 %  126 MiB of 300 MiB  210 MiB/s" in at most `width` columns. Pure.
std::string progress_line(const std::string& label, std::uint64_t done, std::uint64_t total, std::chrono::milliseconds elapsed,
                          std::size_t width);

/// Shows nothing for work that takes no noticeable time. Thread-safe. The destructor takes the bar away.
class Progress {
 public:
  enum class Show { yes, no };
  Progress(const Terminal& terminal, Show show);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A new label begins a new piece of work.
  void update(const std::string& label, std::uint64_t done, std::uint64_t total);

 private:
  using Time = std::chrono::steady_clock::time_point;
  void clear();

  const Terminal& terminal_;
  const Show show_;
  std::mutex mutex_;
  std::string label_;
  Time began_;
  Time last_shown_;
  bool on_screen_ = false;
};

}  // namespace muster::cli
