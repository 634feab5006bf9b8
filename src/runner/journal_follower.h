#pragma once
// Sends metric points while they are logged.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "client/runner_api.h"
#include "runner/delivery.h"
#include "runner/journal_reader.h"
#include "runner/run_folder.h"
#include "runner/server_clock.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// One thread that looks into every journal ten times a second: a training loop that logs does nothing but write into its memory, so
/// nothing tells of it.
class JournalFollower {
 public:
  /// All must outlive the follower.
  JournalFollower(client::RunnerApi& server, const ServerClock& clock, const StopControl& stop, Warnings& warnings, Delivery& delivery,
                  const RunFolder& folder);
  ~JournalFollower();
  JournalFollower(const JournalFollower&) = delete;
  JournalFollower& operator=(const JournalFollower&) = delete;

  /// unavailable when there is no thread for it.
  Result<void> begin();
  /// Nothing is logged any more: returns when the server has every point that can be read. unavailable when calls were canceled first.
  Result<void> drain();

 private:
  void loop();
  /// The last look leaves behind what it cannot see.
  void look_for_journals(bool last_look);
  /// No descriptors, no memory: see waits_for_descriptors().
  void is_unreadable(const Error& why);
  /// False when there was nothing to send.
  bool send_round();
  bool send_batch(JournalReader& journal);
  bool waits_for_descriptors();

  client::RunnerApi& server_;
  const ServerClock& clock_;
  const StopControl& stop_;
  Warnings& warnings_;
  Delivery& delivery_;
  RunFolder folder_;
  std::list<JournalReader> journals_;
  std::set<std::string> known_;  ///< keys
  std::set<std::string> refused_;
  std::string unreadable_;                                                 ///< why, in the last round
  std::optional<std::chrono::steady_clock::time_point> unreadable_since_;  ///< some journal could not be opened for want of descriptors

  std::mutex mutex_;
  std::condition_variable changed_;
  bool draining_ = false;
  std::atomic<bool> ending_{false};
  bool finished_ = false;
  std::jthread thread_;
};

}  // namespace muster::runner
