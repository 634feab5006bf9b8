#pragma once
// The runner's own threads, on a machine that may have no room for one more.

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace muster::runner {

using MakeThread = std::function<std::jthread(std::function<void()>)>;

/// Others end, and their threads with them: for so long a thread that cannot be made is waited for.
inline constexpr std::chrono::minutes kThreadPatience{5};

/// Starts a thread with this body. While the machine has no room for it, it is waited for, until `stop`; then unavailable. `what` is what
/// it is for, in words.
Result<std::jthread> start_thread(std::string_view what, const std::stop_token& stop, const std::function<void()>& body,
                                  std::chrono::milliseconds patience = kThreadPatience, const MakeThread& make = {});

}  // namespace muster::runner
