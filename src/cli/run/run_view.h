#pragma once
// A run as people read it. Pure.

#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "cli/terminal/style.h"

namespace muster::cli {

/// Everything about the run; what went wrong first.
std::string run_text(const Json& run, TimeUs now, std::size_t width, const Style& style);

/// Whether the log that the run's error was read from has just been shown: then its words are not repeated.
enum class ErrorLog { shown, not_shown };

/// The last lines under --follow and of `run wait`: how it ended, the time in each stage, why it failed, what to type next.
std::string run_result_text(const Json& run, TimeUs now, std::size_t width, const Style& style, ErrorLog log = ErrorLog::not_shown);

/// "Preparing 200 ms · Scaling 90 ms · Running 1 min 12 s · Post-processing 400 ms": those that were reached.
std::string stages_line(const Json& run, TimeUs now);

/// Whether nodes run it: other kinds have no script, compute target or environment.
bool is_job(const Json& run);

/// "train.py --num_epochs 3", or the command.
std::string what_runs(const Json& run);

}  // namespace muster::cli
