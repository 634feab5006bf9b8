#pragma once
// Starting a process, and holding on to it.

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"

namespace muster::process {

struct SpawnOptions {
  std::vector<std::string> command;              ///< argv; [0] is looked up in variables["PATH"] unless it has a slash
  std::map<std::string, std::string> variables;  ///< the whole environment
  std::filesystem::path folder;                  ///< working folder; "" = ours
  std::optional<int> input;                      ///< becomes standard input; absent: /dev/null
  std::optional<int> output;                     ///< becomes stdout and stderr; absent: /dev/null
  std::optional<int> gate;  ///< the child waits until a byte comes from this pipe; end of file: it exits 125 before exec.
                            ///< The thread that called spawn() must live until then. A failed exec shows as exit code 127.
  std::vector<std::filesystem::path> cgroups;  ///< folders whose cgroup.procs the child enters before exec; those that refuse are left out
  std::vector<int> cpus;                       ///< reserved for placement; empty: all
};

/// How a process ended; exactly one of the two is set, or neither when nobody knows.
struct Ended {
  std::optional<int> exit_code;
  std::optional<int> signal;
};
/// "exit code 3", "SIGKILL"
std::string to_words(const Ended& ended);
/// "SIGTERM" for 15; "signal 77" for unknown ones.
std::string signal_name(int signal);

/// A child of ours, found by pidfd. Destroying it does not kill it. Not thread-safe.
class Child {
 public:
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  ///< readable when it has ended
  /// Signals the process itself (never a reused pid). Fine when it has ended.
  Result<void> signal(int signal) const;
  /// Nothing while it runs; reaps it the first time it has ended, then remembers.
  std::optional<Ended> poll();
  /// Gives the pidfd away, to whoever will reap the process.
  Fd release() { return std::move(pidfd_); }
  /// Waits until it ends; timeout when the deadline passes first.
  Result<Ended> wait(std::chrono::milliseconds at_most);

 private:
  friend Result<Child> spawn(const SpawnOptions& options);
  Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<Ended> ended_;
};

/// Starts the process in a session of its own, all other descriptors closed, signals reset to defaults. Returns once exec has succeeded
/// (with a gate: once the child stands at it); an error names the step and the program (not_found when the program is not there). Until
/// exec the child dies with the thread that started it, so a killed parent leaves nothing half-started behind. Thread-safe.
Result<Child> spawn(const SpawnOptions& options);

/// The PATH of a process that has none.
inline constexpr std::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";
/// Where a program of that name is found on a PATH ("a:b"), whose relative places begin at `folder`; a name with a slash is its own answer.
/// not_found names both.
Result<std::string> find_program(const std::string& name, std::string_view places, const std::filesystem::path& folder = {});

/// Start time of a process (ended but not yet reaped ones too) in clock ticks since boot, to tell it from a later one with the same pid.
/// not_found when there is none.
Result<std::int64_t> start_time(pid_t pid);

/// Whether the process runs (or could: a stopped one does); false for one that has ended and waits to be reaped.
bool is_alive(pid_t pid);

}  // namespace muster::process
