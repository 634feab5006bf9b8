#pragma once
// Patience with a server whose disk is full: what waits for room, and when it is given up.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"

namespace muster::runner {

/// While ranks run nothing is given up: the run folder keeps it. From their end on the run's end waits for room, and so do all runs behind
/// it: not for ever. Thread-safe; times only come from the caller.
class FullDisk {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class What { outputs, logs, metrics };

  /// Of nothing but refusals, after the ranks' end.
  static constexpr std::chrono::minutes kPatience{10};
  /// The same of a run that was canceled: enough for a disk that is full for a moment.
  static constexpr std::chrono::seconds kPatienceWhenCanceled{3};

  /// The ranks have ended.
  void concluding(Time now);
  void canceled();
  /// The server had no room for this; `bytes`: how much waits, 0 when that is not known. False: it is not worth waiting any longer.
  [[nodiscard]] bool refused(What what, std::uint64_t bytes, Time now);
  /// The server took (some of) this.
  void took(What what);

  /// What waits now, for people: "28 MiB of outputs, logs"; "" when nothing does.
  std::string waiting() const;
  /// What was given up because the time was over, in the same words; "" when nothing was, or only because of a cancel.
  std::string given_up() const;

 private:
  struct Refusal {
    Time since;
    std::uint64_t bytes = 0;
  };
  struct State {
    std::optional<Time> concluding_at;
    bool canceled = false;
    std::array<std::optional<Refusal>, 3> refusals;  ///< by What
    std::array<std::optional<Refusal>, 3> given_up;
  };
  static std::string words(const std::array<std::optional<Refusal>, 3>& refusals);

  Guarded<State> state_;
};

}  // namespace muster::runner
