#pragma once
// Tells the server every two seconds that this node lives, and hears whether it has to stop.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/result.h"
#include "client/runner_api.h"
#include "runner/delivery.h"
#include "runner/server_clock.h"
#include "runner/stop_control.h"

namespace muster::runner {

/// One thread with a connection of its own, so that no slow upload delays it. Measures the clock's offset on the way.
class Heartbeat {
 public:
  /// `server` is used by this object alone. All must outlive it. `pending` gives the bytes that wait to be sent.
  Heartbeat(std::unique_ptr<client::RunnerApi> server, ServerClock& clock, StopControl& stop, Delivery& delivery,
            std::function<std::uint64_t()> pending);
  ~Heartbeat();
  /// Once. unavailable when there is no thread for it.
  Result<void> begin();
  /// From now on each says for how long they have run.
  void ranks_started();
  /// The ranks have ended: if it lasts for so long from now on, nobody is told any more (StopControl::cancel_calls).
  void concluding(std::chrono::steady_clock::duration longest);
  /// The node's last report is being sent. From now on what a heartbeat is told of the attempt's end means nothing: that report may have
  /// ended it, and its own answer says whether it was heard.
  void reporting_done() { is_reporting_done_ = true; }
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

 private:
  void loop(const std::stop_token& ending);
  void beat();

  std::unique_ptr<client::RunnerApi> server_;
  ServerClock& clock_;
  StopControl& stop_;
  Delivery& delivery_;
  std::function<std::uint64_t()> pending_;
  std::atomic<std::chrono::steady_clock::time_point> ranks_since_{};      ///< the epoch before their start
  std::atomic<std::chrono::steady_clock::time_point> cancel_calls_at_{};  ///< the epoch before their end
  std::atomic<bool> is_reporting_done_{false};
  bool heard_over_ = false;
  std::stop_source ending_;
  std::jthread thread_;
};

}  // namespace muster::runner
