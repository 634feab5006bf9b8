#pragma once
// What has to be said to the server in order, without anybody waiting for it: ranks are ended whether or not the server can be told.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "base/result.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// One thread. Each message is sent until the server has taken it, in order.
class Messenger {
 public:
  using Message = std::function<Result<void>()>;
  /// What becomes of a message that the server refuses, or has a fault of its own with for minutes.
  enum class WhenRefused {
    warn,  ///< a warning of the run; the next one is sent
    stop,  ///< what follows makes no sense without it: drain() fails
  };

  Messenger(const StopControl& stop, Warnings& warnings) : stop_(stop), warnings_(warnings) {}
  ~Messenger();  ///< lets go of what is unsent
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  /// Once, before the others. unavailable when there is no thread for it.
  Result<void> begin();
  /// `what` names it in a warning. Never blocks.
  void post(std::string what, Message message, WhenRefused when_refused = WhenRefused::warn);
  /// Returns when all have been sent; the refusal, or unavailable when calls were canceled first.
  Result<void> drain();

 private:
  struct Waiting {
    std::string what;
    Message message;
    WhenRefused when_refused;
  };
  void loop();

  const StopControl& stop_;
  Warnings& warnings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  std::optional<Error> refusal_;  ///< of one without which nothing follows
  bool ending_ = false;
  bool finished_ = false;
  std::jthread thread_;
};

}  // namespace muster::runner
