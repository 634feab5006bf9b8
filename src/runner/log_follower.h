#pragma once
// Sends logs while they are written: the ranks' own files, and those below logs/.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "client/runner_api.h"
#include "runner/delivery.h"
#include "runner/folder_watch.h"
#include "runner/log_names.h"
#include "runner/log_scan.h"
#include "runner/run_folder.h"
#include "runner/sent_prefix.h"
#include "runner/server_clock.h"
#include "runner/stop_control.h"
#include "runner/warnings.h"

namespace muster::runner {

/// One thread. The files are the spool: while the server is away nothing is read, nothing is held, and on its return the answer to the
/// first piece says where to go on. Every line reaches the server within some milliseconds of being written (inotify), and at the latest
/// within a second.
///
/// A file of logs/ that is replaced by another one (a temporary file that is renamed), cut, or written over in place begins its next
/// generation: a log of its own, under the next name of its path (log_names.h). What is replaced again before anybody looked is not seen;
/// what is there in the end always is the last generation. While the run goes on one path has at most kMostGenerations.
class LogFollower {
 public:
  /// All must outlive the follower.
  LogFollower(client::RunnerApi& server, const ServerClock& clock, const StopControl& stop, Warnings& warnings, Delivery& delivery,
              const RunFolder& folder);
  ~LogFollower();  ///< ends the thread, whatever is unsent
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  /// A file of RunFolder::ranks(), which must exist, and what the server calls it. `rank`: absent for a log that is no rank's.
  Result<void> add(const std::filesystem::path& file, const std::string& name, std::optional<int> rank);
  /// A second call does nothing. unavailable when there is no thread for it.
  Result<void> begin();

  /// Nothing is written any more: returns when the server has every byte, at once when there was no begin(). unavailable when its
  /// calls were canceled first (StopControl::cancel_calls).
  Result<void> drain();
  /// After drain(): asks for each log how much of it the server has, and sends the rest again.
  void send_again();
  /// What the server has said it has of each log. After drain().
  std::vector<client::LogSize> taken() const;
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
    SentPrefix sent;           ///< the same, of logs/
    std::int64_t changed = 0;  ///< the file's, when it was last compared with it
    bool announced = false;    ///< the server has answered once
    bool refused = false;
    bool waits = false;  ///< for the end: its path has had its generations
  };
  /// A new file, which may have this name for a moment only.
  struct Newcomer {
    std::string path;
    Fd file;
    FileId id;
    std::chrono::steady_clock::time_point seen;
  };

  void loop();
  void take_added();
  /// The last look leaves behind what it cannot see; others look again.
  void look_for_files(bool last_look);
  /// An error: it could not be opened.
  Result<void> meet(const SeenLog& log);
  void moved(Stream& stream, const std::string& path);
  /// Begins those that are here to stay, or are complete; all of them at the end.
  void take_newcomers(bool all);
  bool take_newcomer(Newcomer& newcomer, bool at_the_end);
  std::string path_now(const Newcomer& newcomer) const;
  void begin_stream(Stream stream);
  /// What the file holds is not what was sent of it.
  bool is_another(Stream& stream, SentPrefix::Look look);
  void begin_again(Stream& stream, const std::string& path);
  void compare_all();
  /// One piece of each stream that has one; false when there was nothing to send.
  bool send_round();
  /// False when there is nothing to send, or no use in sending.
  bool send_piece(Stream& stream);
  /// The file cannot be read: at the end that is the end of it.
  void read_failed(Stream& stream, const Error& why);
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
  std::map<FileId, Stream*> by_id_;                                     ///< of logs/; those being followed
  std::list<Newcomer> newcomers_;                                       ///< as they came
  std::optional<std::chrono::steady_clock::time_point> look_again_at_;  ///< something could not be looked at
  bool names_changed_ = false;                                          ///< since they were kept
  std::atomic<std::uint64_t> pending_bytes_{0};

  std::atomic<bool> draining_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::vector<Stream> added_;  ///< not yet among the streams
  std::condition_variable changed_;
  bool finished_ = false;
  std::jthread thread_;
};

}  // namespace muster::runner
