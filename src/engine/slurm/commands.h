#pragma once
// Slurm's own programs, asked one at a time with a deadline.

#include <atomic>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/slurm/job.h"
#include "engine/slurm/partition.h"

namespace muster::engine::slurm {

/// Thread-safe. `unavailable` is the answer to everything while Slurm, or its programs, cannot be reached: it is worth another try. Other
/// errors carry Slurm's own words.
class Commands {
 public:
  /// From whatever environment this process has: PATH, SLURM_CONF and what a job is handed on.
  /// Its programs try for a while themselves before they say that nobody answers.
  explicit Commands(std::chrono::seconds deadline = std::chrono::seconds{60});

  /// The id of the job. Its script is given on standard input.
  Result<std::int64_t> submit(const std::vector<std::string>& words, const std::string& script);
  Result<void> release(std::int64_t job);
  /// All jobs of this account that Slurm remembers; those of a name.
  Result<std::vector<Job>> jobs();
  Result<std::vector<Job>> jobs_named(const std::string& name);
  /// The ids of the steps of a job that run, by name.
  Result<std::map<std::string, std::string>> steps(std::int64_t job);

  // All of these are fine when there is nothing to end any more.
  /// SIGTERM to the runners; a job that has not begun is canceled.
  Result<void> ask_to_end(std::int64_t job);
  /// SIGKILL to the runners and the job's script.
  Result<void> kill(std::int64_t job);
  Result<void> signal_steps(const std::vector<std::string>& steps, const char* signal);
  Result<void> cancel(std::int64_t job);

  /// invalid, with Slurm's words: no such job could ever run.
  Result<void> test(const std::vector<std::string>& needs);
  Result<Partition> partition(const std::string& name);
  /// All partitions that this account may know of, and the sizes of their nodes.
  Result<std::vector<Partition>> partitions();
  Result<std::vector<NodeSize>> node_sizes();
  /// How long Slurm lets processes of a job that it ends live after SIGTERM: KillWait of slurm.conf.
  Result<std::chrono::seconds> kill_wait();

  /// No program is waited for any longer, now or later.
  void stop() { stopping_ = true; }

 private:
  struct Output {
    int status = 0;    ///< as a shell's
    std::string text;  ///< standard output and standard error
  };
  Result<Output> run(const std::vector<std::string>& words, const std::string& input = {});
  /// What it wrote; an error unless it ended well.
  Result<std::string> ask(const std::vector<std::string>& words, const std::string& input = {});
  /// For what has no effect on a job that has ended, and says so by an error.
  Result<void> tell(const std::vector<std::string>& words);
  Result<std::vector<Job>> list(std::vector<std::string> words);

  const std::chrono::seconds deadline_;  ///< of each program
  std::map<std::string, std::string> variables_;
  std::atomic<bool> stopping_{false};
};

/// Whether Slurm, or munge, was away, and did not refuse what was asked. Pure.
bool says_away(const std::string& errors);
/// KillWait in `scontrol show config`; malformed when it is not there. Pure.
Result<std::chrono::seconds> parse_kill_wait(std::string_view config);

}  // namespace muster::engine::slurm
