#pragma once
// When to try again, and after how long. Pure, but for the wait.

#include <chrono>
#include <stop_token>

#include "base/result.h"

namespace muster::client {

/// Waits double from `first_wait` up to `longest_wait`; no attempt begins once `give_up_after` has passed since the first.
struct RetryPolicy {
  std::chrono::milliseconds first_wait{50};
  std::chrono::milliseconds longest_wait{2'000};
  std::chrono::milliseconds give_up_after{30'000};  ///< 0: never try again
  /// Whether to be patient with a server that has not answered even once. Off for people, who want to hear at once that nothing is there.
  bool before_first_answer = false;
};

/// The wait before attempt `attempt` (from 1: the first repetition), or a negative duration when it is time to give up.
std::chrono::milliseconds wait_before(const RetryPolicy& policy, int attempt, std::chrono::milliseconds elapsed);

/// Whether the same request may fare better a moment later: the server, or a proxy before it, is not ready.
bool is_passing(int status);

/// Sleeps; false when the stop came first.
bool sleep_for(std::chrono::milliseconds time, const std::stop_token& stop);

/// `policy()` says how patient to be; asked anew each time. Calls `once(progressed)` again while the connection is lost (unavailable,
/// timeout) and `worth_it` says so. What the policy allows counts from the last attempt that set `progressed`: what goes on comes to its
/// end, however often it breaks off and however long it takes.
template <typename Policy, typename Once, typename WorthIt>
auto while_it_progresses(Policy policy, const std::stop_token& stop, Once once, WorthIt worth_it) {
  auto since = std::chrono::steady_clock::now();
  for (int attempt = 1;; ++attempt) {
    bool progressed = false;
    auto result = once(progressed);
    const bool lost = !result && (result.error().code == Code::unavailable || result.error().code == Code::timeout);
    if (!lost || stop.stop_requested() || !worth_it()) return result;
    const auto now = std::chrono::steady_clock::now();
    if (progressed) {
      since = now;
      attempt = 1;
    }
    const auto wait = wait_before(policy(), attempt, std::chrono::duration_cast<std::chrono::milliseconds>(now - since));
    if (wait.count() < 0 || !sleep_for(wait, stop)) return result;
  }
}

}  // namespace muster::client
