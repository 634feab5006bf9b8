#pragma once
// What of a node's record the server does not have yet because it cannot store it, and what it will not have. The run folder is the only
// copy of both: it may be removed only when it has nothing of the latter.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"

namespace muster::runner {

/// While ranks run everything may still be delivered: the run folder keeps it. From their end on the run's end waits for the server's disk,
/// and so do all runs behind it: not for ever. Thread-safe; times only come from the caller.
class Delivery {
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
  /// The server could not store this (`why`: disk_full or storage_failed); `bytes`: how much waits, 0 when that is not known. False: it is
  /// not worth waiting any longer; the rest of it is not delivered.
  [[nodiscard]] bool refused(What what, std::uint64_t bytes, const Error& why, Time now);
  /// The server took (some of) this.
  void took(What what);
  /// This will not be with the server, for any other reason than its disk: "the outputs a, b (the server's words)".
  void not_delivered(std::string what);
  /// A file that the job left is not recorded, for a reason of its own (it cannot be read): no failure of the run, but the folder keeps it.
  void leave_behind() {
    state_.with([](State& state) { state.left_behind = true; });
  }

  /// What waits for the server's disk now.
  struct Waiting {
    std::string what;  ///< for people: "28 MiB of outputs, logs"; "" when nothing waits
    Code why = Code::disk_full;
    std::string detail;  ///< the server's own words
  };
  Waiting waiting() const;

  /// Why the run has failed, though its ranks may not have.
  struct NotKept {
    Code why = Code::disk_full;  ///< disk_full: only that; storage_failed: its disk otherwise; internal: anything else
    std::string words;           ///< "28 MiB of outputs, logs"; "" when all was delivered
  };
  NotKept not_kept() const;
  /// Whether the run folder has something that is nowhere else.
  bool folder_is_needed() const;

 private:
  struct Refusal {
    Time since;
    std::uint64_t bytes = 0;
    Error why;
  };
  using Refusals = std::array<std::optional<Refusal>, 3>;  ///< by What
  struct State {
    std::optional<Time> concluding_at;
    bool canceled = false;
    bool left_behind = false;
    Refusals refusals;
    Refusals not_delivered;
    std::vector<std::string> others;  ///< not delivered for other reasons
  };
  static std::string words(const Refusals& refusals);

  Guarded<State> state_;
};

}  // namespace muster::runner
