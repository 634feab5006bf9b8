#pragma once
// Sends files that the ranks left, and has the server record them.

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runner/node_run.h"
#include "runner/output_walk.h"
#include "runner/restored_outputs.h"

namespace muster::runner::steps {

struct Output {
  FoundOutput found;
  std::string sha256;
};

/// Tells the server of files whose bytes it has. May be called again with the same ones.
using RecordOutputs = std::function<Result<void>(const std::vector<Output>&)>;

/// All that can be kept of them: warnings name the others, and what waits for the server's disk is said by `run.delivery`. A file that is
/// as `restored` says is recorded already, with the attempt that left it. Fails only when the calls are canceled.
Result<void> send_outputs(NodeRun& run, std::vector<FoundOutput> found, const RestoredOutputs& restored, const RecordOutputs& record);

/// What a walk leaves out becomes a warning; of what it could not read the folder keeps the only copy.
OnLeftOut warn_of_left_out(NodeRun& run);

}  // namespace muster::runner::steps
