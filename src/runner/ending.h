#pragma once
// When ranks are asked to end, and when they are made to. Pure: what happened goes in, what to do comes out.

#include <chrono>
#include <optional>

namespace muster::runner {

/// The end of a node's ranks: a failed rank or a stop asked for ends the others by SIGTERM, a grace period, SIGKILL to all. Times only come
/// from the caller.
class Ending {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class Failure {
    own,        ///< the others are asked to end at once
    of_a_peer,  ///< it lost its connection to another rank: that one's own words may come any moment, and the others wait for them a little
  };
  enum class Action { none, terminate, kill, abandon };

  Ending(int ranks, std::chrono::seconds grace) : left_(ranks), grace_(grace) {}

  void rank_ended() { --left_; }
  void rank_failed(Failure failure, Time now);
  void stop_asked(std::optional<std::chrono::seconds> grace, Time now);

  bool all_ended() const { return left_ <= 0; }
  /// Whether the ranks have been asked to end: what ends from then on may have ended for that.
  bool asked() const { return asked_; }
  /// What has to be done now; each once.
  Action next(Time now);
  /// When next() has to be asked again though nothing happens.
  std::optional<Time> wake_at() const;
  /// Until when those that were asked may take their time.
  std::optional<Time> kill_at() const { return kill_at_; }

 private:
  int left_;
  std::chrono::seconds grace_;
  std::optional<Time> ask_at_;
  std::optional<Time> kill_at_;
  std::optional<Time> abandon_at_;
  bool asked_ = false;
  bool killed_ = false;
};

/// How long a rank that lost its peer leaves the peer's node to say why.
inline constexpr std::chrono::milliseconds kCauseWindow{500};
/// How long after SIGKILL a process may still be there (in the kernel, for a device) before the run goes on without its end.
inline constexpr std::chrono::seconds kUnkillable{20};

}  // namespace muster::runner
