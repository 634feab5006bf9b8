#pragma once
// Tells the server every two seconds that this node lives, and hears whether it has to stop.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

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
  /// From now on each says for how long they have run.
  void ranks_started();
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
  std::atomic<std::chrono::steady_clock::time_point> ranks_since_{};  ///< the epoch before their start
  bool heard_over_ = false;
  std::jthread thread_;
};

}  // namespace muster::runner
