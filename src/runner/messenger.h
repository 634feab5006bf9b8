#pragma once
// What has to be said to the server in order, without anybody waiting for it: ranks are ended whether or not the server can be told.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "base/result.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// One thread. Each message is sent until the server has taken it; one that it refuses becomes a warning.
class Messenger {
 public:
  using Message = std::function<Result<void>()>;

  Messenger(const StopControl& stop, Warnings& warnings);
  ~Messenger();  ///< lets go of what is unsent
  Messenger(const Messenger&) = delete;
  Messenger& operator=(const Messenger&) = delete;

  /// `what` names it in a warning. Never blocks.
  void post(std::string what, Message message);
  /// Returns when all have been sent; unavailable when the runner gave up first.
  Result<void> drain();

 private:
  struct Letter {
    std::string what;
    Message message;
  };
  void loop();

  const StopControl& stop_;
  Warnings& warnings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Letter> letters_;
  bool ending_ = false;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace muster::runner
