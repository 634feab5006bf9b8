#include "model/run_status.h"

#include <array>
#include <utility>

namespace muster::model {
namespace {

constexpr std::array<std::pair<RunStatus, std::string_view>, 12> kNames{{
    {RunStatus::not_started, "NotStarted"},
    {RunStatus::preparing, "Preparing"},
    {RunStatus::queued, "Queued"},
    {RunStatus::provisioning, "Provisioning"},
    {RunStatus::starting, "Starting"},
    {RunStatus::running, "Running"},
    {RunStatus::not_responding, "NotResponding"},
    {RunStatus::finalizing, "Finalizing"},
    {RunStatus::cancel_requested, "CancelRequested"},
    {RunStatus::completed, "Completed"},
    {RunStatus::failed, "Failed"},
    {RunStatus::canceled, "Canceled"},
}};

constexpr std::array<std::string_view, kStageCount> kStageNames{"Preparing", "Scaling", "Running", "Post-processing"};
constexpr std::array<Stage, kStageCount> kStages{Stage::preparing, Stage::scaling, Stage::running, Stage::post_processing};

const Stage* pointer_to(Stage stage) { return &kStages[static_cast<std::size_t>(stage)]; }

}  // namespace

std::string_view to_string(RunStatus status) {
  for (const auto& [value, name] : kNames) {
    if (value == status) return name;
  }
  return "NotStarted";
}

Result<RunStatus> run_status_from_string(std::string_view name) {
  std::string known;
  for (const auto& [value, status_name] : kNames) {
    if (status_name == name) return value;
    known += known.empty() ? "" : ", ";
    known += status_name;
  }
  return fail_hint(Code::invalid, "the statuses are " + known, "there is no run status '{}'", name.substr(0, 64));
}

bool has_ended(RunStatus status) { return status == RunStatus::completed || status == RunStatus::failed || status == RunStatus::canceled; }

std::string_view to_string(Stage stage) { return kStageNames[static_cast<std::size_t>(stage)]; }

const Stage* stage_of(RunStatus status) {
  switch (status) {
    case RunStatus::preparing: return pointer_to(Stage::preparing);
    case RunStatus::queued:
    case RunStatus::provisioning:
    case RunStatus::starting: return pointer_to(Stage::scaling);
    case RunStatus::running:
    case RunStatus::not_responding: return pointer_to(Stage::running);
    case RunStatus::finalizing: return pointer_to(Stage::post_processing);
    case RunStatus::not_started:
    case RunStatus::cancel_requested:
    case RunStatus::completed:
    case RunStatus::failed:
    case RunStatus::canceled: return nullptr;
  }
  return nullptr;
}

}  // namespace muster::model
