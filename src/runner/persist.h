#pragma once
// Patience with the server: a call is made again until it succeeds, cannot succeed, or nobody waits for it any more.

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "client/retry.h"

namespace muster::runner {

enum class Verdict {
  away,     ///< the server cannot be reached, or is short of something that passes: it will be back
  storage,  ///< its disk is full or broken
  over,     ///< the attempt is over: for the heartbeat to hear, which ends all waiting
  fault,    ///< its own: it may pass, but one call must not hold up the others for ever
  refused,  ///< sending the same again changes nothing
};
/// Of the run's own server: what another one says has no proof, and is taken for its absence (client::ApiOptions). Pure.
Verdict verdict_on(Code code);

inline constexpr std::chrono::seconds kAWhile{60};

/// How long a call is made again.
struct Patience {
  std::chrono::milliseconds with_faults = kAWhile;  ///< of the server's own, before one is taken for an answer
  /// Asked after each refusal for the sake of the server's disk whether to go on (Delivery); without it that lasts for as long as a
  /// server's absence may.
  std::function<bool(const Error&)> with_storage = {};
  bool over_is_an_answer = false;  ///< else that is for the heartbeat to hear
};

/// The result of the call that succeeded or cannot; the last error when a stop was asked for.
template <typename Call>
auto persist(const std::stop_token& stop, Call call, const Patience& patience = {}) -> decltype(call()) {
  using namespace std::chrono_literals;
  const auto began = std::chrono::steady_clock::now();
  for (auto wait = 50ms;; wait = std::min(wait * 2, 1000ms)) {
    auto result = call();
    if (result || stop.stop_requested()) return result;
    const Verdict verdict = verdict_on(result.error().code);
    if (verdict == Verdict::refused || (verdict == Verdict::over && patience.over_is_an_answer)) return result;
    if (verdict == Verdict::storage && patience.with_storage && !patience.with_storage(result.error())) return result;
    const auto waited = std::chrono::steady_clock::now() - began;
    if (verdict == Verdict::fault && waited > patience.with_faults) return result;
    if (!client::sleep_for(wait, stop)) return result;
  }
}

}  // namespace muster::runner
