#pragma once
// A job as Slurm tells of it, and what that means. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace muster::engine::slurm {

/// What squeue has to print, for parse_jobs().
inline constexpr const char* kJobFormat = "%i|%T|%r|%N|%k";

/// How a runner ended, as its job tells in its comment (job_script.h).
struct RunnerEnd {
  int status = 0;          ///< a shell's: the exit code, or 128 and the signal
  std::string last_words;  ///< the end of its own log
};

struct Job {
  std::int64_t id = 0;
  std::string state;                            ///< Slurm's word: "PENDING"
  std::string reason;                           ///< Slurm's word for why it waits, or why it ended: "Priority"; "" when there is none
  std::string nodes;                            ///< "n[1-2]"; "" before it has any
  std::map<std::string, RunnerEnd> ended = {};  ///< by node key
  bool time_is_near = false;                    ///< its runners were asked to end, since its time was nearly over
};

/// Lines that are no job of a plain number (of job arrays) are left out.
std::vector<Job> parse_jobs(std::string_view text);

/// Where a job is.
enum class Phase {
  waiting,
  held,     ///< and would not go on without being released
  coming,   ///< its nodes are being made ready
  running,  ///< or being ended
  ended,
};
Phase phase_of(const Job& job);

/// Why the job waits, for people: plain words, and Slurm's own.
std::string waiting_words(const Job& job);
/// How a runner was lost, of which no more than its job's end is known.
Gone gone_with(const Job& job);
/// The same, of one that the job tells of.
Gone gone_by(const Job& job, const RunnerEnd& end);

/// "n[1-2,07],m3" → n1, n2, n07, m3; malformed for anything else, and for more than 100,000.
Result<std::vector<std::string>> expand_hostlist(std::string_view list);

}  // namespace muster::engine::slurm
