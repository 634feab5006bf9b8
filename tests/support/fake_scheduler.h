#pragma once
// A scheduler that stands for time and processes: it decides nothing, remembers what it was told, and answers what a test says.

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "scheduler/scheduler.h"
#include "store/runs.h"

namespace muster::test {

class FakeScheduler final : public scheduler::Scheduler {
 public:
  FakeScheduler(store::Store& store, store::Changes& changes, const Clock& clock) : store_(store), changes_(changes), clock_(clock) {}

  // What a test sets.
  std::optional<Json> work_order;
  int waiting_for = 0;
  std::optional<scheduler::StopOrder> stop_order;
  scheduler::TargetStatus status;
  std::vector<scheduler::UnstoredDetail> unstored_details;
  std::optional<Error> refusal;  ///< of every call of the runner's protocol

  // What a test looks at.
  std::vector<std::int64_t> submitted_runs;
  std::vector<std::string> changed_targets;
  std::vector<std::string> calls;  ///< of the runner's protocol: "started birds_1/1/0"
  std::vector<model::RankReport> reports;
  std::vector<std::string> warnings;
  Json resolved_environment;
  bool forced = false;  ///< the last cancel
  scheduler::WaitsForDisk waiting;
  std::optional<std::chrono::seconds> ran;  ///< of the last heartbeat
  scheduler::NotKept not_kept;
  TimeUs first_rank_at = 0;
  scheduler::CheckIn arrival;

  Result<void> recover() override { return {}; }
  void submitted(std::int64_t run_key) override {
    const std::lock_guard lock(mutex_);
    submitted_runs.push_back(run_key);
  }
  Result<model::Run> cancel(std::int64_t run_key, const std::string& reason, bool force) override {
    forced = force;
    const auto run =
        store_.read([&](store::Session& session) -> Result<std::optional<model::Run>> { return store::runs::find(session, run_key); });
    if (model::has_ended((*run)->status)) return fail(Code::conflict, "the run has ended");
    return set_status(run_key, model::RunStatus::canceled, reason);
  }
  void target_changed(const std::string&, const std::string& name) override { changed_targets.push_back(name); }
  scheduler::TargetStatus target_status(const std::string&, const std::string&) override { return status; }

  Result<scheduler::CheckedIn> check_in(const engine::AttemptId& attempt, const scheduler::CheckIn& check_in) override {
    MUSTER_TRY(note("check-in", {attempt.run_id, attempt.attempt, 0}));
    arrival = check_in;
    return scheduler::CheckedIn{0, waiting_for, work_order};
  }
  Result<std::optional<scheduler::StopOrder>> heartbeat(const scheduler::NodeId& node, scheduler::Heartbeat beat) override {
    waiting = std::move(beat.waits);
    ran = beat.ran;
    MUSTER_TRY(note("heartbeat", node));
    return stop_order;
  }
  Result<void> started(const scheduler::NodeId& node, TimeUs at) override {
    first_rank_at = at;
    return note("started", node);
  }
  Result<void> rank_failed(const scheduler::NodeId& node, const model::RankReport& report) override {
    reports = {report};
    return note("rank-failed", node);
  }
  Result<void> finished(const scheduler::NodeId& node, const std::vector<model::RankReport>& all) override {
    reports = all;
    return note("finished", node);
  }
  Result<void> done(const scheduler::NodeId& node, const std::vector<std::string>& told, const Json& resolved,
                    const scheduler::NotKept& lost) override {
    not_kept = lost;
    warnings = told;
    resolved_environment = resolved;
    return note("done", node);
  }

  std::shared_ptr<const model::Run> active(const std::string& run_id) const override {
    const auto run = store_.read([&](store::Session& session) -> Result<std::optional<model::Run>> {
      const auto named = store::runs::find_brief_by_name(session, run_id);
      return named ? store::runs::find(session, named->key) : std::nullopt;
    });
    if (!run || !*run || model::has_ended((*run)->status)) return nullptr;
    auto known = std::make_shared<model::Run>(**run);
    // As if it had been given its nodes.
    for (int rank = static_cast<int>(known->nodes.size()); rank < known->spec.node_count; ++rank) {
      known->nodes.emplace_back();
      known->nodes.back().node_rank = rank;
    }
    return known;
  }
  const scheduler::RunTokens& tokens() const override { return tokens_; }
  std::vector<scheduler::UnstoredDetail> unstored() const override { return unstored_details; }

  /// What the scheduler itself would do in its time.
  Result<model::Run> set_status(std::int64_t run_key, model::RunStatus status_now, const std::string& detail = "") {
    auto run = store_.write([&](store::Session& session) -> Result<model::Run> {
      model::Run changed = *store::runs::find(session, run_key);
      changed.status = status_now;
      changed.status_detail = detail;
      if (model::has_ended(status_now)) changed.ended_at = clock_.now_us();
      MUSTER_TRY(store::runs::update_state(session, changed));
      return *store::runs::find(session, run_key);
    });
    changes_.notify(run_key);
    return run;
  }

 private:
  Result<void> note(const std::string& what, const scheduler::NodeId& node) {
    if (refusal) return tl::unexpected(*refusal);
    calls.push_back(fmt::format("{} {}/{}/{}", what, node.run_id, node.attempt, node.node_rank));
    return {};
  }

  const scheduler::RunTokens tokens_{"the home's secret"};
  store::Store& store_;
  store::Changes& changes_;
  const Clock& clock_;
  std::mutex mutex_;
};

}  // namespace muster::test
