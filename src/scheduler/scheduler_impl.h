#pragma once
// The scheduler's inside. Bodies: scheduler.cc (what the server calls), transitions.cc (events and effects), nodes.cc (the engine and its
// nodes), watch.cc (timers), recovery.cc.

#include <map>
#include <memory>
#include <set>

#include "base/guarded.h"
#include "environment/cache.h"
#include "scheduler/delay_after.h"
#include "scheduler/dispatch_thread.h"
#include "scheduler/door.h"
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
  using Applied = std::function<void(const Result<Step>&)>;

  // transitions.cc
  /// Loads the run, decides and stores in a write transaction; once that is durable the effects are handed to the dispatch thread. Events
  /// are decided, and their effects follow, in the order in which they are applied, by whatever thread. `attempt`: 0 for any. `also` writes
  /// in the same transaction. Waits; not for the dispatch thread.
  Result<Step> apply(std::int64_t run_key, int attempt, const Event& event, const Also& also = {});
  Result<Step> apply(const NodeId& node, const Event& event, const Also& also = {});
  /// The same without waiting, so that many events share one sync of the disk. `then` is called with what became of it, after its effects
  /// have been handed over, on the dispatch thread.
  void apply_later(std::int64_t run_key, int attempt, const Event& event, Applied then, Also also = {});
  /// What both ask of the store. `then` is called by the store's writer.
  void write_step(std::int64_t run_key, int attempt, const Event& event, Also also, Applied then);
  /// By the store's writer, of what has just become durable: no step is followed up before an earlier one.
  void follow_up(const Step& stored);
  /// What takes a while and is done by whoever applied the event: not by the store's writer.
  void conclude(std::int64_t run_key, const Event& event, const Result<Step>& stored);
  /// What is left to be done of a run that has ended: nothing more comes to its logs.
  void close_ended(const model::Run& run);
  /// Of an event that the disk refused: people are told from memory.
  void show_unstored(std::int64_t run_key, const Event& event, const Error& error);
  /// For an event that nobody will tell again: while it cannot be stored it is tried until it can, or means nothing any more. `then` is
  /// called once with what became of it, on the dispatch thread.
  void apply_until_stored(std::int64_t run_key, int attempt, const Event& event, const std::function<void(const Step&)>& then = {},
                          const Also& also = {}, int tries = 0);
  void carry_out(const model::Run& run, const Effect& effect);
  void enqueue(const model::Run& run);
  void dispatch(const TargetName& target);
  void grant_answered(const TargetName& target, std::int64_t run_key, const std::string& run_id, const Result<Step>& applied);
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
  void heard(const engine::AttemptId& id, const Event& event, const std::function<void(const Step&)>& then = {});
  void node_gone(const engine::AttemptId& id, const std::string& key, const engine::Gone& how);
  void lose_node(const engine::AttemptId& id, const NodeGone& gone);
  void lose_node_until_stored(const engine::AttemptId& id, std::int64_t run_key, const NodeGone& gone);
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

  // The runs that have not ended. There may be very many in the queues, of which nothing is asked until they are granted nodes: of those
  // only this is kept, and the store has the rest.
  struct QueuedRun {
    std::int64_t key = 0;
    int attempt = 0;
  };
  struct ActiveRuns {
    std::map<std::string, std::shared_ptr<const model::Run>> runs;  ///< as they were last stored
    std::map<std::string, QueuedRun> queued;                        ///< they wait in a queue of ours
  };
  /// The run is as it has just been stored.
  void remember(const std::shared_ptr<const model::Run>& run);
  /// Asks memory alone.
  bool is_queued(const std::string& run_id, int attempt) const;
  /// Of a run that may be Queued: its place in the queue is looked at once more.
  void enqueue_again(const std::string& run_id);

  const SchedulerOptions options_;
  const RunTokens tokens_{options_.token_secret};
  store::Store& store_;
  store::LogStore& logs_;
  store::Changes& changes_;
  const Clock& clock_;
  Targets targets_;
  environment::EnvironmentCache environments_;
  const std::shared_ptr<Door> door_ = std::make_shared<Door>();  ///< what the store's writer does for this scheduler passes it
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
  std::set<std::int64_t>
      granted_;  ///< runs whose nodes are being stored: in the queue no more, and still Queued; the dispatch thread's alone
  std::unique_ptr<RunFolders> folders_;
  std::unique_ptr<EngineCalls> calls_;
  std::unique_ptr<EnvironmentPreparer> preparer_;
  DispatchThread thread_;  ///< destroyed first: its tasks use all of the above
};

}  // namespace muster::scheduler
