#pragma once
// What a program prints, taken by this thread until it ends.

#include <functional>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "process/spawn.h"

namespace muster::process {

struct OutputPipe {
  Fd reading;  ///< does not block
  Fd writing;  ///< for the program (SpawnOptions::output); to be closed here once it has been started
};
Result<OutputPipe> make_output_pipe();

/// Gives what comes from `reading` to `on_output`, as it comes, until the child has ended: its end counts, not its output's, which a
/// process that it left behind may hold open for ever. `go_on` is asked every 100 ms: its error is returned, and the child still runs.
Result<Ended> follow_output(Child& child, const Fd& reading, const std::function<void(std::string_view)>& on_output,
                            const std::function<Result<void>()>& go_on);

}  // namespace muster::process
