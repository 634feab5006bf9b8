#pragma once
// What all event streams of one run share, so that a line costs each of them little, however many they are and however large the run is:
// the run as it stands, read once a change; its logs, listed when one appears; the latest pieces of them, read and put into words once.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/services.h"
#include "base/guarded.h"
#include "store/runs.h"

namespace muster::api {

/// The logs that flow in an event stream begin with this.
inline constexpr std::string_view kFollowedLogs = "azureml-logs/";

/// Thread-safe. Blocks on the disk; throws std::runtime_error when that cannot be read.
class RunFeed {
 public:
  RunFeed(Services& services, const store::runs::Brief& run);

  /// The run as a stream tells it.
  struct State {
    std::int64_t revision = 0;
    std::uint64_t status_version = 0;  ///< raised when status, detail or attempt change
    int attempt = 1;
    bool over = false;
    std::string status_event;
    std::string end_event;  ///< "" while it is not over
  };
  using Log = std::shared_ptr<const store::LogInfo>;
  struct View {
    std::shared_ptr<const State> state;  ///< nullptr: the run is gone
    std::vector<Log> logs;               ///< followed ones that changed since, in the order of their changes
  };
  /// What is there now: of the logs of `attempt` those that changed after `seen` (0: all). `seen` moves on. All bytes of an attempt that is
  /// over are in the sizes.
  View look(int attempt, std::uint64_t& seen);
  /// The next look is at least as new as this revision.
  void expect(std::int64_t revision);

  struct Piece {
    store::LogId id;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::string event;
  };
  /// The event with the bytes of the log from `offset` on, at most 16 KiB. `no_more`: the log stays as it is. nullptr when there are none,
  /// or only a character that has begun.
  std::shared_ptr<const Piece> piece(const store::LogInfo& log, std::uint64_t offset, bool no_more);

  /// Whether the log is the only one of its path in its attempt, so far.
  bool is_alone(const store::LogId& id);

 private:
  /// What the change notifications left to do.
  struct Changed {
    bool all = true;
    std::map<store::LogId, std::uint64_t> sizes;
  };
  struct Entry {
    Log log;
    std::uint64_t change = 0;
  };
  /// The followed logs of one attempt, and which changed when.
  struct Logs {
    std::map<store::LogId, Entry> entries;
    std::map<std::uint64_t, Log> by_change;
  };

  void refresh();
  void read_run();
  void list(int attempt, Logs& logs);
  void put(Logs& logs, store::LogInfo log);

  Services& services_;
  const std::int64_t key_;
  const std::string uuid_;
  const std::shared_ptr<Guarded<Changed>> changed_ = std::make_shared<Guarded<Changed>>();

  std::mutex mutex_;  ///< guards what follows
  std::chrono::steady_clock::time_point refreshed_;
  bool stale_ = true;
  std::uint64_t status_version_ = 0;
  std::string status_words_;
  std::shared_ptr<const State> state_;
  std::map<int, Logs> attempts_;
  std::uint64_t change_ = 0;
  std::deque<std::shared_ptr<const Piece>> pieces_;  ///< latest last
  std::size_t pieces_bytes_ = 0;

  store::Changes::Subscription subscription_;  ///< last, so that it ends first
};

/// The feeds of the runs that are followed. Thread-safe.
class RunFeeds {
 public:
  std::shared_ptr<RunFeed> of(Services& services, const store::runs::Brief& run);

 private:
  Guarded<std::map<std::int64_t, std::weak_ptr<RunFeed>>> feeds_;
};

}  // namespace muster::api
