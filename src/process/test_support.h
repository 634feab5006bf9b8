#pragma once
// Helpers of this room's tests: processes that misbehave, and waiting for what they do.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <thread>

namespace muster::process::testing {

/// True once `wanted` holds; false when it has not within the time.
inline bool eventually(const std::function<bool()>& wanted, std::chrono::milliseconds at_most = std::chrono::seconds(20)) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!wanted()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

inline std::map<std::string, std::string> plain_variables() { return {{"PATH", "/usr/local/bin:/usr/bin:/bin"}}; }

}  // namespace muster::process::testing
