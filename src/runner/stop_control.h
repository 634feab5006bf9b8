#pragma once
// Why and whether this node has to end its ranks: asked by a signal, by the server in a heartbeat, or by the runner itself.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "base/guarded.h"
#include "base/result.h"

namespace muster::runner {

struct StopRequest {
  std::string code;                           ///< "canceled", "rank_failed", …; "signal"; "attempt_over"
  std::string reason;                         ///< for people
  std::optional<std::int64_t> grace_seconds;  ///< absent: the run's own
};

/// Two things that end: the ranks (asked()), and, later and only when there is no use in it any more, what is said to the server
/// (calls_canceled()). Thread-safe, but for the construction.
class StopControl {
 public:
  /// internal when the system has no descriptors left.
  static Result<std::unique_ptr<StopControl>> create();

  /// The first request counts.
  void ask(StopRequest request);
  std::optional<StopRequest> asked() const;
  bool is_asked() const { return asked_token().stop_requested(); }
  /// For what should not begin or go on once a stop was asked for: fetching, waiting for other nodes.
  std::stop_token asked_token() const { return asked_.get_token(); }
  /// Readable from the first request on, for poll().
  int descriptor() const { return event_.get(); }

  /// Nobody wants to hear of this attempt any more, or nobody has answered for too long: every wait for the server ends.
  void cancel_calls() { calls_canceled_.request_stop(); }
  std::stop_token calls_canceled() const { return calls_canceled_.get_token(); }

 private:
  explicit StopControl(Fd event) : event_(std::move(event)) {}

  Fd event_;
  Guarded<std::optional<StopRequest>> request_;
  std::stop_source asked_;
  std::stop_source calls_canceled_;
};

/// Takes SIGTERM, SIGINT and SIGCHLD off all threads started from now on: the first of the former becomes a request, the latter has adopted
/// orphans reaped. One object a process.
class SignalListener {
 public:
  /// unavailable when there is no room for its thread or descriptors.
  static Result<std::unique_ptr<SignalListener>> create(StopControl& stop);
  ~SignalListener();
  SignalListener(const SignalListener&) = delete;
  SignalListener& operator=(const SignalListener&) = delete;

 private:
  SignalListener(StopControl& stop, Fd signals, Fd end) : stop_(stop), signals_(std::move(signals)), end_(std::move(end)) {}
  void listen();

  StopControl& stop_;
  Fd signals_;
  Fd end_;
  std::jthread thread_;
};

}  // namespace muster::runner
