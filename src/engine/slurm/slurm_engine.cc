#include "engine/slurm/slurm_engine.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/slurm/handle.h"
#include "engine/slurm/job_script.h"
#include "engine/slurm/job_watcher.h"
#include "engine/slurm/propose.h"

namespace muster::engine::slurm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr auto kKillDeadline = 10s;
constexpr auto kKillLook = 100ms;

Result<void> check_runner(const Attempt& attempt, const Options& options) {
  const std::string program = attempt.command.empty() ? "" : attempt.command.front();
  // A path of the nodes' own cannot be looked at from here.
  if (!options.runner.empty() || ::access(program.c_str(), X_OK) == 0) return {};
  return fail(Code::not_found, "the runner cannot be started: '{}' is not a program", program);
}

class SlurmEngine final : public Engine {
 public:
  explicit SlurmEngine(Listener listener) : watcher_(commands_, std::move(listener)) {}
  ~SlurmEngine() override { commands_.stop(); }

  TargetStatus status(const TargetName& target) const override { return watcher_.status(target); }

  Result<Handle> start(const Attempt& attempt, const Record& record) override {
    Submission submission{attempt, {}, {}};
    for (int i = 0; i < attempt.node_count; ++i) submission.keys.push_back(node_key(i));
    return start(std::move(submission), record);
  }

  Result<Handle> restart(const Attempt& attempt, const std::string& key, const Record& record) override {
    const std::string host = watcher_.host_of(attempt.id, key);
    if (host.empty()) return fail(Code::not_found, "the attempt has no node {} that is known to have been there", key);
    return start(Submission{attempt, {}, {key}, host}, record);
  }

  Result<void> recover(const AttemptId& id, const Handle& handle) override {
    MUSTER_TRY_ASSIGN(const auto jobs, from_handle(handle));
    for (const JobNodes& nodes : jobs) watcher_.watch_and_tell(nodes.job, watched(id, nodes));
    return {};
  }

  Result<void> stop(const AttemptId&, const Handle& handle, StopHow how) override {
    MUSTER_TRY_ASSIGN(const auto jobs, from_handle(handle));
    // Every job is tried, whatever becomes of the others; the first fault is told.
    Result<void> outcome;
    for (const JobNodes& nodes : jobs) {
      auto done = how == StopHow::polite ? ask(nodes) : kill(nodes);
      if (outcome && !done) outcome = std::move(done);
    }
    watcher_.expect_change();
    return outcome;
  }

 private:
  static Watched watched(const AttemptId& id, const JobNodes& nodes) {
    Watched one;
    one.id = id;
    one.target = nodes.target;
    one.keys = nodes.keys;
    one.host = nodes.host;
    one.since = steady_clock::now();
    return one;
  }

  Result<Handle> start(Submission submission, const Record& record) {
    const Attempt& attempt = submission.attempt;
    MUSTER_TRY_ASSIGN(submission.options, options_from(attempt.target.engine_options));
    MUSTER_TRY(check_runner(attempt, submission.options));
    MUSTER_TRY(set_limits(submission));
    MUSTER_TRY(make_folders(attempt.log_folder));
    JobNodes nodes;
    MUSTER_TRY_ASSIGN(nodes.job, submit_once(submission));
    nodes.node_count = static_cast<int>(submission.keys.size());
    nodes.target = {attempt.target.workspace, attempt.target.name};
    nodes.host = submission.host;
    nodes.keys = submission.keys;
    Handle handle = to_handle(nodes);
    crash_point("server.engine.submitted");
    if (auto recorded = record(handle); !recorded) {
      if (const auto done = commands_.cancel(nodes.job); !done) log::error("engine", "job {}: {}", nodes.job, done.error().detail);
      return tl::unexpected(std::move(recorded).error());
    }
    crash_point("server.engine.recorded");
    // It is held until here: nothing runs that a restarted server would not find.
    const auto released = commands_.release(nodes.job);
    // One that somebody has ended meanwhile is told of as every other.
    if (!released && released.error().code != Code::invalid) return tl::unexpected(released.error());
    watcher_.watch(nodes.job, watched(attempt.id, nodes));
    return handle;
  }

  /// What the partition allows is asked of Slurm only where it may matter.
  Result<void> set_limits(Submission& submission) {
    if (submission.options.partition.empty() || !job_time(submission)) return check_time(submission);
    MUSTER_TRY_ASSIGN(const Partition partition, commands_.partition(submission.options.partition));
    submission.most = partition.longest;
    return check_time(submission);
  }

  /// A job of that name that has not ended is this one: its submission was not heard to succeed.
  Result<std::int64_t> submit_once(const Submission& submission) {
    const std::string name = job_name(submission.attempt.id, submission.host.empty() ? "" : submission.keys.front());
    MUSTER_TRY_ASSIGN(const auto known, commands_.jobs_named(name));
    for (const Job& job : known) {
      if (phase_of(job) != Phase::ended && job.state != "COMPLETING") return job.id;
    }
    return commands_.submit(sbatch_words(submission), job_script(submission));
  }

  /// To the steps of these nodes, which are not all of their job's.
  Result<void> signal(const JobNodes& nodes, const char* signal) {
    MUSTER_TRY_ASSIGN(const auto running, commands_.steps(nodes.job));
    std::vector<std::string> steps;
    for (const std::string& key : nodes.keys) {
      const auto step = running.find(key);
      if (step != running.end()) steps.push_back(step->second);
    }
    return commands_.signal_steps(steps, signal);
  }

  Result<void> ask(const JobNodes& nodes) { return nodes.is_whole() ? commands_.ask_to_end(nodes.job) : signal(nodes, "TERM"); }

  Result<void> kill(const JobNodes& nodes) {
    if (nodes.is_whole()) {
      watcher_.note_killed(nodes.job);
      MUSTER_TRY(commands_.kill(nodes.job));
    } else {
      MUSTER_TRY(signal(nodes, "KILL"));
    }
    const auto until = steady_clock::now() + kKillDeadline;
    while (true) {
      MUSTER_TRY_ASSIGN(const bool is_left, nodes.is_whole() ? is_going(nodes.job) : has_steps(nodes));
      if (!is_left) return {};
      if (steady_clock::now() > until)
        return fail(Code::timeout, "Slurm's job {} did not end in {} s after SIGKILL", nodes.job,
                    std::chrono::seconds(kKillDeadline).count());
      std::this_thread::sleep_for(kKillLook);
    }
  }

  Result<bool> is_going(std::int64_t id) {
    MUSTER_TRY_ASSIGN(const auto jobs, commands_.jobs());
    return std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) { return job.id == id && phase_of(job) != Phase::ended; });
  }

  Result<bool> has_steps(const JobNodes& nodes) {
    MUSTER_TRY_ASSIGN(const auto steps, commands_.steps(nodes.job));
    return std::any_of(nodes.keys.begin(), nodes.keys.end(), [&](const std::string& key) { return steps.contains(key); });
  }

  Commands commands_;
  JobWatcher watcher_;  ///< last: its thread calls the listener
};

std::string partition_words(const std::string& name) { return name.empty() ? "Slurm's default partition" : "the partition " + name; }

/// What can be known of a target before its first run, in Slurm's own words.
Result<void> check_target(const model::ComputeTarget& target) {
  MUSTER_TRY_ASSIGN(const Options options, options_from(target.engine_options));
  Commands commands;
  const auto refuse = [](const char* field, std::string detail, std::string hint = {}) {
    Error error{Code::invalid, detail, hint, {}};
    error.errors.push_back({field, std::move(detail), std::move(hint)});
    return tl::unexpected(std::move(error));
  };
  if (!options.partition.empty()) {
    const auto partition = commands.partition(options.partition);
    if (!partition && partition.error().code == Code::invalid)
      return refuse("engine_options.partition", fmt::format("there is no partition {}: {}", options.partition, partition.error().detail),
                    "`sinfo -s` lists those that there are");
    if (!partition) return refuse("engine", partition.error().detail, partition.error().hint);
    if (partition->most_nodes > 0 && target.max_nodes > partition->most_nodes)
      return refuse("max_nodes", fmt::format("{} nodes are more than the partition {} gives to a job ({})", target.max_nodes,
                                             options.partition, partition->most_nodes));
    if (options.time_limit && partition->longest.count() > 0 && *options.time_limit > partition->longest)
      return refuse("engine_options.time_limit",
                    fmt::format("{} minutes are more than the partition {} gives to a job ({} minutes)",
                                time_in_minutes(*options.time_limit), options.partition, time_in_minutes(partition->longest)));
  }
  const auto tested = commands.test(needs(options, {}, target.max_nodes));
  if (tested) return {};
  if (tested.error().code != Code::invalid) return refuse("engine", tested.error().detail, tested.error().hint);
  return refuse("engine_options", fmt::format("Slurm would not take a job of {} nodes in {}: {}", target.max_nodes,
                                              partition_words(options.partition), tested.error().detail));
}

Result<std::vector<Proposal>> propose_targets() {
  Commands commands;
  MUSTER_TRY_ASSIGN(const std::vector<Partition> partitions, commands.partitions());
  MUSTER_TRY_ASSIGN(const std::vector<NodeSize> sizes, commands.node_sizes());
  return propose(partitions, sizes);
}

/// KillWait, asked again when it was asked long ago; nothing while Slurm does not answer.
class KillWait {
 public:
  std::optional<std::chrono::seconds> now() {
    const std::lock_guard lock(mutex_);
    const SteadyTime time = steady_clock::now();
    if (!asked_ || time - *asked_ > kAskAgain) {
      asked_ = time;
      Commands commands(kPatience);
      const auto said = commands.kill_wait();
      value_ = said ? std::optional(*said) : std::nullopt;
    }
    return value_;
  }

 private:
  static constexpr auto kAskAgain = 5min;
  static constexpr std::chrono::seconds kPatience{3};
  std::mutex mutex_;
  std::optional<SteadyTime> asked_;
  std::optional<std::chrono::seconds> value_;
};

std::vector<std::string> doubts_about(KillWait& kill_wait, std::chrono::seconds grace) {
  const auto waits = kill_wait.now();
  if (!waits || grace <= *waits) return {};
  return {fmt::format(
      "its ranks have {} s to end when Muster asks them to; when Slurm ends the job (scancel, preemption, its time limit) they have {} s, "
      "which is KillWait in slurm.conf",
      grace.count(), waits->count())};
}

}  // namespace
}  // namespace muster::engine::slurm

namespace muster::engine {

std::unique_ptr<Engine> make_slurm_engine(Listener listener) { return std::make_unique<slurm::SlurmEngine>(std::move(listener)); }

EngineKind slurm_engine() {
  EngineKind kind;
  kind.kind = "slurm";
  kind.description = "nodes are allocated by Slurm, on whose cluster the server can submit jobs";
  kind.capabilities.shares_disk = false;
  kind.capabilities.start_survives_server = true;
  kind.options = slurm::option_list();
  kind.check = slurm::check_target;
  kind.propose = slurm::propose_targets;
  kind.doubts = [kill_wait = std::make_shared<slurm::KillWait>()](const model::ComputeTarget&, std::chrono::seconds grace) {
    return slurm::doubts_about(*kill_wait, grace);
  };
  kind.make = [](Listener listener) { return make_slurm_engine(std::move(listener)); };
  return kind;
}

}  // namespace muster::engine
