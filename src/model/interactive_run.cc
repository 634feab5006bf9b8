#include "model/interactive_run.h"

namespace muster::model {
namespace {

std::string_view verb_of(RunStatus status) {
  return status == RunStatus::completed ? "completed" : status == RunStatus::failed ? "failed" : "canceled";
}

StageTimes& running_stage(Run& run) { return run.stages[static_cast<std::size_t>(Stage::running)]; }

}  // namespace

void begin_interactive(Run& run, TimeUs now) {
  run.status = RunStatus::running;
  run.started_at = now;
  running_stage(run).started_at = now;
}

Result<std::optional<Run>> end_interactive(Run run, const InteractiveEnd& end, TimeUs now) {
  if (run.spec.kind != RunKind::interactive) {
    return fail_hint(Code::conflict, fmt::format("end it early with `muster run cancel {}`", run.run_id),
                     "run {} is a {}: the exit codes of its ranks say how it ends, so it cannot be {} by a call", run.run_id,
                     to_string(run.spec.kind), verb_of(end.status));
  }
  if (run.status == end.status) return std::optional<Run>();
  if (has_ended(run.status)) {
    return fail_hint(Code::conflict, "a run ends once; start another one for what comes now", "run {} has ended already: it is {}",
                     run.run_id, to_string(run.status));
  }
  run.status = end.status;
  run.status_detail = end.reason;
  run.error = end.error;
  run.ended_at = now;
  running_stage(run).ended_at = now;
  if (end.status == RunStatus::canceled) {
    run.cancel_asked = true;
    run.cancel_reason = end.reason;
  }
  return std::optional<Run>(std::move(run));
}

}  // namespace muster::model
