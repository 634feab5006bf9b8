#include "runner/steps/steps.h"

namespace muster::runner::steps {

Result<void> drain(NodeRun& run) {
  MUSTER_TRY(run.logs->drain());
  return run.journals->drain();
}

}  // namespace muster::runner::steps
