#pragma once
// How the program's exit code tells scripts what happened. Pure.

#include <string_view>

#include "base/result.h"

namespace muster::cli {

enum class Exit : int {
  done = 0,
  run_failed = 1,     ///< the run failed or was canceled
  refused = 2,        ///< wrong use or bad input, whoever found it
  unreachable = 3,    ///< no server answers
  server_fault = 4,   ///< the server's own fault, or its disk is full
  interrupted = 130,  ///< Ctrl-C
};

Exit exit_of(Code code);

/// Of a run that has ended.
Exit exit_of_status(std::string_view run_status);

}  // namespace muster::cli
