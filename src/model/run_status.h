#pragma once
// The statuses of a run (Azure Machine Learning's strings) and the stages that people see.

#include <string_view>

#include "base/result.h"

namespace muster::model {

enum class RunStatus {
  not_started,
  preparing,
  queued,
  provisioning,
  starting,
  running,
  not_responding,
  finalizing,
  cancel_requested,
  completed,
  failed,
  canceled,
};

/// "NotStarted", "Preparing", …
std::string_view to_string(RunStatus status);
/// invalid for an unknown name.
Result<RunStatus> run_status_from_string(std::string_view name);

/// Completed, Failed or Canceled: nothing changes any more.
bool has_ended(RunStatus status);

/// What people see a run go through; a stage has a start and an end.
enum class Stage { preparing, scaling, running, post_processing };
inline constexpr int kStageCount = 4;

/// "Preparing", "Scaling", "Running", "Post-processing".
std::string_view to_string(Stage stage);

/// The stage that a status belongs to; nothing for NotStarted, CancelRequested and the ended ones.
/// NotResponding keeps the stage Running.
const Stage* stage_of(RunStatus status);

}  // namespace muster::model
