#pragma once
// The scheduler's inside. Bodies: scheduler.cc (what the server calls), transitions.cc (events and effects), nodes.cc (the engine and its
// nodes), watch.cc (timers), recovery.cc.

#include <map>
#include <memory>
#include <mutex>

#include "base/guarded.h"
#include "environment/cache.h"
#include "scheduler/delay_after.h"
#include "scheduler/dispatch_thread.h"
#include "scheduler/engine_calls.h"
#include "scheduler/environment_preparer.h"
#include "scheduler/heartbeats.h"
#include "scheduler/run_folders.h"
#include "scheduler/run_machine.h"
#include "scheduler/scheduler.h"
#include "scheduler/targets.h"

namespace muster::scheduler {

/// Names the run's attempt among those whose time is watched.
std::string attempt_name(const model::Run& run);

class SchedulerImpl final : public Scheduler {
 public:
  SchedulerImpl(SchedulerOptions options, store::Store& store, store::LogStore& logs, store::Changes& changes, const Clock& clock,
                const engine::Registry& engines);
  ~SchedulerImpl() override;

  Result<void> recover() override;
  void submitted(std::int64_t run_key) override;
  Result<model::Run> cancel(std::int64_t run_key, const std::string& reason, bool force) override;
  void target_changed(const std::string& workspace, const std::string& name) override;
  TargetStatus target_status(const std::string& workspace, const std::string& name) override;
  Result<CheckedIn> check_in(const engine::AttemptId& attempt, const CheckIn& check_in) override;
  Result<std::optional<StopOrder>> heartbeat(const NodeId& node, Heartbeat beat) override;
  Result<void> started(const NodeId& node, TimeUs first_rank_at) override;
  Result<void> rank_failed(const NodeId& node, const model::RankReport& report) override;
  Result<void> finished(const NodeId& node, const std::vector<model::RankReport>& reports) override;
  Result<void> done(const NodeId& node, const std::vector<std::string>& warnings, const Json& resolved_environment,
                    const NotKept& not_kept) override;
  std::shared_ptr<const model::Run> active(const std::string& run_id) const override;
  const RunTokens& tokens() const override { return tokens_; }
  std::vector<UnstoredDetail> unstored() const override { return unstored_.all(clock_.steady()); }

 private:
  using Also = std::function<void(store::Session&, const model::Run&)>;

  // transitions.cc
  /// Loads the run, decides, stores; then hands the effects to the dispatch thread. `attempt`: 0 for any. `also` writes in the same
  /// transaction.
  Result<Step> apply(std::int64_t run_key, int attempt, const Event& event, const Also& also = {});
  Result<Step> apply(const NodeId& node, const Event& event, const Also& also = {});
  /// Of an event that the disk refused: people are told from memory.
  void show_unstored(std::int64_t run_key, const Event& event, const Error& error);
  /// For an event that nobody will tell again: while it cannot be stored it is tried until it can, or means nothing any more. `then` is
  /// called once with what became of it, on the caller's thread or the dispatch thread.
  void apply_until_stored(std::int64_t run_key, int attempt, Event event, std::function<void(const Step&)> then = {}, Also also = {},
                          int tries = 0);
  void carry_out(const model::Run& run, const Effect& effect);
  void enqueue(const model::Run& run);
  void dispatch(const TargetName& target);
  void release(const model::Run& run);
  void note_disk(const model::Run& run, const WaitsForDisk& wait);
  /// The preparer's, called from its threads.
  EnvironmentPreparer::Callbacks preparer_callbacks();
  void environment_ready(std::int64_t run_key, const Result<environment::Prepared>& prepared);
  void prepare_environment(const model::Run& run);
  /// `kept`: how it was prepared, or null when the nodes prepare it.
  void environment_ready(std::int64_t run_key, const std::string& hash, const Json& kept);
  /// What was kept when the run's environment was ready; nothing when its nodes prepare it. Builds nothing.
  Result<std::optional<environment::Prepared>> prepared_for(const model::Run& run);

  // nodes.cc: all on the dispatch thread, but for kill_nodes()
  void start_nodes(const model::Run& run);
  void start_answered(const model::Run& run, const Result<void>& outcome);
  void salvage_node(const model::Run& run, int node_rank, int tries = 0);
  /// Asks the runners to end their ranks, and kills what has not ended in time.
  void stop_nodes(const model::Run& run);
  /// Ends every process of these nodes now, or of all; `then` afterwards on the dispatch thread.
  void kill_nodes(const model::Run& run, const EngineCalls::Nodes& nodes, const std::function<void()>& then = {});
  void kill_nodes(const model::Run& run, const EngineCalls::Nodes& nodes, const std::function<void()>& then,
                  const EngineCalls::Meant& meant, int tries);
  /// Kills what is left of an attempt whose run has ended, keeps its folders, then gives the nodes back.
  void end_by_force(const model::Run& run);
  void release_killed(const model::Run& run);
  void put_off_start(const model::Run& run, const std::string& why);
  void end_before_start(const model::Run& run);
  engine::Listener engine_listener();
  /// Of an attempt that an engine tells of, unless it is over.
  void heard(const engine::AttemptId& id, const Event& event);
  void node_gone(const engine::AttemptId& id, const std::string& key, const engine::Gone& how);
  void lose_node(const engine::AttemptId& id, int node_rank, const engine::Gone& how);
  /// Of all its nodes, which were never started.
  void lose_nodes(const model::Run& run);
  engine::Attempt attempt_of(const model::Run& run, bool salvage) const;

  // watch.cc
  /// Now, of a monotonic clock, in microseconds.
  TimeUs steady_us() const;
  void watch_heartbeats();
  void watch_silence(const model::Run& run);
  /// Nodes whose runners have not checked in some minutes after their start are ended.
  void watch_start(const std::string& run_id, int attempt);
  /// `now`: by the wall clock. `was_found`: it ran before this server did.
  void watch_duration(const model::Run& run, TimeUs now, bool was_found);
  void look_at_duration(std::int64_t run_key, int attempt, const std::string& name);
  /// A node says for how long its ranks have run.
  void correct_duration(const model::Run& run, std::chrono::seconds ran);
  void watch_targets();

  // recovery.cc
  void take_up(const model::Run& run);
  /// Has the engine watch what an earlier server started; tried again until it does.
  void adopt_nodes(const model::Run& run, int tries = 0);

  /// The runs that have not ended, as they were last stored.
  using ActiveRuns = std::map<std::string, std::shared_ptr<const model::Run>>;

  const SchedulerOptions options_;
  const RunTokens tokens_{options_.token_secret};
  store::Store& store_;
  store::LogStore& logs_;
  store::Changes& changes_;
  const Clock& clock_;
  Targets targets_;
  environment::EnvironmentCache environments_;
  std::mutex apply_mutex_;  ///< effects are posted in the order in which their states were stored
  Guarded<ActiveRuns> active_;
  Unstored unstored_;
  Guarded<Heartbeats> heartbeats_;
  std::optional<std::chrono::steady_clock::time_point> last_heartbeat_look_;  ///< the dispatch thread's alone
  std::optional<std::chrono::steady_clock::time_point> next_target_look_;     ///< of the one timer; the dispatch thread's alone
  struct Timed {
    std::chrono::steady_clock::time_point until;  ///< when it will have run for too long
    std::int64_t limit_seconds = 0;
    bool is_told = false;  ///< by its nodes; else reckoned by the wall clock
  };
  Guarded<std::map<std::string, Timed>> timed_runs_;  ///< by "<run id>/<attempt>"
  struct PutOffStart {
    int tries = 0;
    bool waits = false;  ///< else the engine has been asked again
  };
  std::map<std::string, PutOffStart> put_off_;  ///< by run id; the dispatch thread's alone
  std::unique_ptr<RunFolders> folders_;
  std::unique_ptr<EngineCalls> calls_;
  std::unique_ptr<EnvironmentPreparer> preparer_;
  DispatchThread thread_;  ///< destroyed first: its tasks use all of the above
};

}  // namespace muster::scheduler
