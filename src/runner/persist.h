#pragma once
// Patience with the server: a call is made again until it succeeds, cannot succeed, or nobody waits for it any more.

#include <chrono>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "client/retry.h"

namespace muster::runner {

enum class Verdict {
  away,     ///< the server cannot be reached, or has no room: it will be back
  unknown,  ///< it does not know us, or what we ask for
  fault,    ///< its own: it may pass, but one call must not hold up the others for ever
  refused,  ///< sending the same again changes nothing
};
/// Pure.
Verdict verdict_on(Code code);

enum class Unknown {
  passes,  ///< what holds our data goes on trying: something else may listen at the server's address while it is away, and whether the
           ///< attempt is over is for the heartbeat to judge
  counts,  ///< after a while it is taken for an answer
};

inline constexpr std::chrono::seconds kAWhile{60};

/// The result of the call that succeeded or cannot; the last error when a stop was asked for. `goes_on_when_full`, if there, is asked after
/// each refusal for want of room whether to go on (FullDisk); without it that lasts for as long as the server is away.
template <typename Call>
auto persist(const std::stop_token& stop, Call call, Unknown unknown = Unknown::passes, const std::function<bool()>& goes_on_when_full = {})
    -> decltype(call()) {
  using namespace std::chrono_literals;
  const auto began = std::chrono::steady_clock::now();
  for (auto wait = 50ms;; wait = std::min(wait * 2, 1000ms)) {
    auto result = call();
    if (result || stop.stop_requested()) return result;
    const Verdict verdict = verdict_on(result.error().code);
    if (verdict == Verdict::refused) return result;
    if (result.error().code == Code::disk_full && goes_on_when_full && !goes_on_when_full()) return result;
    const bool limited = verdict == Verdict::fault || (verdict == Verdict::unknown && unknown == Unknown::counts);
    if (limited && std::chrono::steady_clock::now() - began > kAWhile) return result;
    if (!client::sleep_for(wait, stop)) return result;
  }
}

}  // namespace muster::runner
