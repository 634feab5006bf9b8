#include "client/retry.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace muster::client {

std::chrono::milliseconds wait_before(const RetryPolicy& policy, int attempt, std::chrono::milliseconds elapsed) {
  auto wait = policy.first_wait;
  for (int i = 1; i < attempt && wait < policy.longest_wait; ++i) wait *= 2;
  wait = std::min(wait, policy.longest_wait);
  return elapsed + wait > policy.give_up_after ? std::chrono::milliseconds(-1) : wait;
}

bool is_passing(int status) { return status == 502 || status == 503 || status == 504; }

bool sleep_for(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any stopped;
  stopped.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace muster::client
