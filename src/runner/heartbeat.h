#pragma once
// Tells the server every two seconds that this node lives, and hears whether it has to stop.

#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "client/runner_api.h"
#include "runner/delivery.h"
#include "runner/server_clock.h"
#include "runner/stop_control.h"

namespace muster::runner {

/// When is an attempt over? When the server has said so, and nothing else, for a while: one refusal may come from whatever else listens at
/// its address while it is away. Pure.
class OverJudge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit OverJudge(std::chrono::seconds patience) : patience_(patience) {}
  void answered() { refused_since_.reset(); }
  /// True when it is over.
  bool refused(Code code, Time now);

 private:
  std::chrono::seconds patience_;
  std::optional<Time> refused_since_;
};

/// One thread with a connection of its own, so that no slow upload delays it. Measures the clock's offset on the way.
class Heartbeat {
 public:
  /// `server` is used by this object alone. All must outlive it. `pending` gives the bytes that wait to be sent.
  Heartbeat(std::unique_ptr<client::RunnerApi> server, ServerClock& clock, StopControl& stop, Delivery& delivery,
            std::function<std::uint64_t()> pending, std::chrono::seconds over_patience = std::chrono::seconds(30));
  ~Heartbeat();
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
  OverJudge judge_;
  std::jthread thread_;
};

}  // namespace muster::runner
