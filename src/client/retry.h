#pragma once
// When to try again, and after how long. Pure, but for the wait.

#include <chrono>
#include <stop_token>

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

/// Sleeps; false when the stop came first.
bool sleep_for(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace muster::client
