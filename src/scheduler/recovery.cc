// A server starts: every run that has not ended is taken up where it stands.

#include <filesystem>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/log.h"
#include "base/plural.h"
#include "base/text.h"
#include "model/node_folder_name.h"
#include "scheduler/scheduler_impl.h"
#include "store/compute_targets.h"
#include "store/run_attempts.h"
#include "store/run_nodes.h"
#include "store/runs.h"

namespace muster::scheduler {

Result<void> SchedulerImpl::recover() {
  MUSTER_TRY_ASSIGN(const auto targets, store_.read([](store::Session& session) -> Result<std::vector<model::ComputeTarget>> {
    return store::compute_targets::all(session);
  }));
  for (const model::ComputeTarget& target : targets) (void)targets_.define(target, steady_us());
  MUSTER_TRY_ASSIGN(const auto runs,
                    store_.read([](store::Session& session) -> Result<std::vector<model::Run>> { return store::runs::active(session); }));
  MUSTER_TRY_ASSIGN(const auto to_kill, store_.read([](store::Session& session) -> Result<std::vector<model::Run>> {
    std::vector<model::Run> found;
    for (const std::int64_t key : store::run_attempts::runs_to_kill(session)) {
      if (auto run = store::runs::find(session, key)) found.push_back(std::move(*run));
    }
    return found;
  }));
  active_.with([&](ActiveRuns& all) {
    for (const model::Run& run : runs) all[run.run_id] = std::make_shared<const model::Run>(run);
  });
  // Nodes first, so that no waiting run is given one that is taken.
  for (const model::Run& run : runs) {
    if (!run.nodes.empty()) targets_.adopt(run, steady_us());
  }
  for (const model::Run& run : to_kill) {
    targets_.adopt(run, steady_us());
    thread_.post([this, run] { end_by_force(run); });
  }
  for (const model::Run& run : runs) take_up(run);
  if (!runs.empty()) log::info("scheduler", "found {} that had not ended, and goes on with them", counted(runs.size(), "run"));
  thread_.post([this] { sweep_run_folders(); });
  thread_.post([this] { watch_heartbeats(); });
  thread_.post([this] { watch_targets(); });
  return {};
}

void SchedulerImpl::take_up(const model::Run& run) {
  using model::RunStatus;
  switch (run.status) {
    case RunStatus::not_started: submitted(run.key); return;
    case RunStatus::preparing:
    case RunStatus::queued: thread_.post([this, run] { desk_->prepare(run); }); return;
    default: break;
  }
  const auto handle = store_.read(
      [&](store::Session& session) -> Result<std::optional<Json>> { return store::run_attempts::handle(session, run.key, run.attempt); });
  if (!handle) {
    log::error("scheduler", "{} cannot be continued now, and will be tried again: {}", run.run_id, handle.error().detail);
    thread_.post_after(std::chrono::seconds(2), [this, run] { take_up(run); });
    return;
  }
  if (!*handle) {
    // The engine's start was never recorded, so nothing of it ran (the gate): start it now, unless it is to end.
    thread_.post([this, run] {
      if (!stop_reason(run)) {
        start_nodes(run);
        return;
      }
      for (const model::RunNode& node : run.nodes) node_gone({run.run_id, run.attempt}, node.node_rank, "it was never started");
    });
    return;
  }
  if (!all_checked_in(run) && !stop_reason(run)) {
    // No node had its work order, so no rank has run: whatever is left of the start is ended, and all of it begins anew. The server may
    // have been killed between the storing of the handle and the opening of the gate.
    kill_nodes(run, ranks_of(run), [this, run, handle = **handle] {
      apply_until_stored(run.key, run.attempt, StartAgain{}, [this, handle](const Step& applied) {
        thread_.post([this, handle, run = applied.run, again = applied.changed] {
          if (again) return start_nodes(run);
          // It was canceled meanwhile: it ends when its nodes are known to be gone.
          const auto now = active(run.run_id);
          if (now && now->attempt == run.attempt) adopt_nodes(*now, handle);
        });
      });
    });
    return;
  }
  thread_.post([this, run, handle = **handle] {
    adopt_nodes(run, handle);
    if (stop_reason(run)) stop_nodes(run);
    watch_duration(run, clock_.now_us(), true);
  });
}

void SchedulerImpl::adopt_nodes(const model::Run& run, const engine::Handle& handle, int tries) {
  calls_->recover(run, handle, [this, run, handle, tries](const Result<void>& outcome) {
    if (outcome) return;
    if (tries == 0) log::error("scheduler", "{}: its nodes cannot be watched now: {}", run.run_id, outcome.error().detail);
    thread_.post_after(delay_after(tries), [this, run, handle, tries] {
      const auto now = active(run.run_id);
      if (now && now->attempt == run.attempt) adopt_nodes(run, handle, tries + 1);
    });
  });
}

void SchedulerImpl::sweep_run_folders() {
  namespace fs = std::filesystem;
  const fs::path runs = options_.home / "runs";
  // What cannot be listed now is swept at the next start.
  for (const std::string& run_id : list_folder(runs).value_or(std::vector<std::string>{})) {
    for (const std::string& number : list_folder(runs / run_id).value_or(std::vector<std::string>{})) {
      std::int64_t attempt = 0;
      if (!parse_int64(number, attempt) || attempt < 1 || attempt > INT32_MAX) continue;
      const auto nodes = store_.read([&](store::Session& session) -> Result<std::vector<model::RunNode>> {
        const auto run = store::runs::find_by_name(session, run_id);
        if (!run || (run->attempt == attempt && !model::has_ended(run->status))) return std::vector<model::RunNode>{};
        return store::run_nodes::list(session, run->key, static_cast<int>(attempt));
      });
      if (!nodes || nodes->empty()) continue;
      bool all_done = true;
      for (const model::RunNode& node : *nodes) {
        all_done = all_done && node.status == "Done";
        const fs::path folder = runs / run_id / number / model::node_folder_name(node.node_rank);
        std::error_code error;
        // What a runner could not collect stays, and what somebody wanted kept; also where the disk does not say whether it is.
        if (node.status != "Done" || node.salvages >= kMostSalvages || !fs::exists(folder, error) ||
            fs::status(folder / model::kKeptMark, error).type() != fs::file_type::not_found)
          continue;
        log::info("scheduler", "removing {}, whose runner was killed after it had reported that all was done", folder.string());
        if (const auto removed = remove_tree(folder); !removed) log::warning("scheduler", "{}", removed.error().detail);
      }
      // Runners' logs too: their end may have come when no server looked.
      if (all_done) remove_scratch({run_id, static_cast<int>(attempt)});
    }
  }
}

}  // namespace muster::scheduler
