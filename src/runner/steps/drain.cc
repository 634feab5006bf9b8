#include "base/crash_point.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {

Result<void> drain(NodeRun& run) {
  run.sampler.reset();
  MUSTER_TRY(run.logs->drain());
  crash_point("runner.logs.drained");
  return run.journals->drain();
}

}  // namespace muster::runner::steps
