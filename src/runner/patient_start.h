#pragma once
// Threads and processes that the runner starts, on a machine that may have no room for one more.

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "process/spawn.h"

namespace muster::runner {

using MakeThread = std::function<std::jthread(std::function<void()>)>;

/// Others end, and make room: for so long a thread or a process that cannot be made is waited for.
inline constexpr std::chrono::minutes kStartPatience{5};

/// Starts a thread with this body. While the machine has no room for it, it is waited for, until `stop`; then unavailable. `what` is what
/// it is for, in words.
Result<std::jthread> start_thread(std::string_view what, const std::stop_token& stop, const std::function<void()>& body,
                                  std::chrono::milliseconds patience = kStartPatience, const MakeThread& make = {});

/// Calls `start` until it answers anything but unavailable (no process, memory or descriptor left), until `stop`; then that. `what` is
/// what is started, in words.
Result<process::Child> start_process(std::string_view what, const std::stop_token& stop,
                                     const std::function<Result<process::Child>()>& start,
                                     std::chrono::milliseconds patience = kStartPatience);

}  // namespace muster::runner
