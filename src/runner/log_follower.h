#pragma once
// Sends logs while they are written: the ranks' own files, and those below logs/.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/fd.h"
#include "client/runner_api.h"
#include "runner/delivery.h"
#include "runner/folder_watch.h"
#include "runner/log_names.h"
#include "runner/run_folder.h"
#include "runner/server_clock.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// One thread. The files are the spool: while the server is away nothing is read, nothing is held, and on its return the answer to the
/// first piece says where to go on. Every line reaches the server within some milliseconds of being written (inotify), and at the latest
/// within a second.
class LogFollower {
 public:
  /// All must outlive the follower.
  LogFollower(client::RunnerApi& server, const ServerClock& clock, const StopControl& stop, Warnings& warnings, Delivery& delivery,
              const RunFolder& folder);
  ~LogFollower();  ///< ends the thread, whatever is unsent
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  /// A rank's file, which must exist, and what the server calls it. kLauncherRank: mpirun's own, which is no rank's. Before begin().
  Result<void> add_rank_log(const std::filesystem::path& file, const std::string& name, int rank);
  void begin();

  /// Nothing is written any more: returns when the server has every byte, at once when there was no begin(). unavailable when the runner
  /// gave up first (StopControl::given_up).
  Result<void> drain();
  /// Written and not yet taken by the server, as far as it is known.
  std::uint64_t pending_bytes() const { return pending_bytes_; }

 private:
  struct Stream {
    std::string name;
    std::string path;  ///< below the run folder, now; "" for a rank's
    std::optional<int> rank;
    Fd file;
    FileId id;
    std::uint64_t offset = 0;  ///< what the server has
    bool announced = false;    ///< the server has answered once
    bool refused = false;
  };

  void loop();
  void look_for_files();
  void begin_stream(Stream stream);
  /// One piece of each stream that has one; false when there was nothing to send.
  bool send_round();
  /// False when there is nothing to send, or no use in sending.
  bool send_piece(Stream& stream);
  void keep_names();

  client::RunnerApi& server_;
  const ServerClock& clock_;
  const StopControl& stop_;
  Warnings& warnings_;
  Delivery& delivery_;
  RunFolder folder_;

  FolderWatch watch_;
  LogNames names_;
  std::list<Stream> streams_;
  std::map<FileId, Stream*> by_id_;  ///< of logs/; those being followed
  std::atomic<std::uint64_t> pending_bytes_{0};

  std::atomic<bool> draining_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace muster::runner
