// What has to be looked at from time to time.

#include <fmt/format.h>

#include "base/log.h"
#include "base/plural.h"
#include "scheduler/scheduler_impl.h"

namespace muster::scheduler {
namespace {

/// Runners send a heartbeat every two seconds.
constexpr std::chrono::seconds kHeartbeatPatience{15};
constexpr std::chrono::seconds kWatchEvery{2};

}  // namespace

TimeUs SchedulerImpl::steady_us() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_.steady().time_since_epoch()).count();
}

void SchedulerImpl::watch_heartbeats() {
  thread_.post_after(kWatchEvery, [this] { watch_heartbeats(); });
  const auto now = clock_.steady();
  // Whoever was stopped itself has heard nobody in that time, and concludes nothing from it.
  if (last_heartbeat_look_ && now - *last_heartbeat_look_ > kHeartbeatPatience) {
    heartbeats_.with([&](Heartbeats& beats) { beats.all_heard(now); });
  }
  last_heartbeat_look_ = now;
  const auto runs = active_.with([](const ActiveRuns& all) { return all.runs; });
  heartbeats_.with([&](Heartbeats& beats) { beats.keep_only([&](const std::string& run_id) { return runs.contains(run_id); }); });
  for (const auto& [id, run] : runs) watch_silence(*run);
}

/// Silence is said at once, and nothing is concluded from it for long: then the runner is taken for lost, ended, and its work salvaged,
/// since whoever stopped it (a debugger, SIGSTOP) may never come back, and others wait for its nodes.
void SchedulerImpl::watch_silence(const model::Run& run) {
  using model::RunStatus;
  const bool watched = run.status == RunStatus::starting || run.status == RunStatus::running || run.status == RunStatus::not_responding ||
                       run.status == RunStatus::finalizing || run.status == RunStatus::cancel_requested;
  if (!watched) return;
  const auto now = clock_.steady();
  std::string missing;
  std::vector<std::string> lost;
  for (const model::RunNode& node : run.nodes) {
    if (node.status == model::NodeStatus::done || node.runner_pid == 0) continue;
    const auto silence = heartbeats_.with([&](Heartbeats& beats) {
      const auto since = beats.silence(run.run_id, node.node_rank, now);
      if (since > options_.silence_is_loss) beats.heard(run.run_id, node.node_rank, now);  // its successor has as long
      return since;
    });
    if (silence > kHeartbeatPatience && missing.empty())
      missing = fmt::format("{}{} ({}) for more than {} s", kSilenceWords, node.node_rank, node.host, kHeartbeatPatience.count());
    if (silence > options_.silence_is_loss) lost.push_back(node.key);
  }
  if (!lost.empty()) {
    log::warning("scheduler", "{}: {} sent nothing for {} min: lost, and being ended", run.run_id, counted(lost.size(), "runner"),
                 std::chrono::duration_cast<std::chrono::minutes>(options_.silence_is_loss).count());
    kill_nodes(run, lost);
  }
  if (missing.empty() ? run.status != RunStatus::not_responding && !run.status_detail.starts_with(kSilenceWords)
                      : run.status == RunStatus::not_responding || run.status_detail == missing)
    return;
  const Event event = missing.empty() ? Event(HeartbeatsBack{}) : Event(HeartbeatsMissed{missing});
  apply_later(run.key, run.attempt, event, [run_id = run.run_id](const Result<Step>& applied) {
    if (!applied) log::warning("scheduler", "{}: {}", run_id, applied.error().detail);
  });
}

void SchedulerImpl::watch_start(const std::string& run_id, int attempt) {
  thread_.post_after(options_.start_patience, [this, run_id, attempt] {
    const auto run = active(run_id);
    if (!run || run->attempt != attempt) return;
    std::vector<std::string> silent;
    for (const model::RunNode& node : run->nodes) {
      if (node.status == model::NodeStatus::starting && node.runner_pid == 0) silent.push_back(node.key);
    }
    if (silent.empty()) return;
    log::warning("scheduler", "{}: {} did not check in, and will be ended", run_id, counted(silent.size(), "runner"));
    kill_nodes(*run, silent);
  });
}

std::string attempt_name(const model::Run& run) { return fmt::format("{}/{}", run.run_id, run.attempt); }

/// Time is monotonic: this server's own from here on, and the nodes' for what was before (correct_duration). Only where no node tells does
/// the wall clock say how long a run has been going that this server found.
void SchedulerImpl::watch_duration(const model::Run& run, TimeUs now, bool was_found) {
  if (run.started_at == 0) return;
  const std::string name = attempt_name(run);
  const TimeUs so_far = std::max<TimeUs>(0, now - run.started_at);
  std::chrono::microseconds left(std::max<TimeUs>(0, run.spec.max_run_duration_seconds * 1'000'000 - so_far));
  if (was_found) left = std::max<std::chrono::microseconds>(left, kHeartbeatPatience);
  const Timed timed{clock_.steady() + left, run.spec.max_run_duration_seconds};
  if (timed_runs_.with([&](auto& runs) { return runs.emplace(name, timed).second; })) look_at_duration(run.key, run.attempt, name);
}

void SchedulerImpl::look_at_duration(std::int64_t run_key, int attempt, const std::string& name) {
  const auto now = clock_.steady();
  const auto timed = timed_runs_.with([&](auto& runs) -> std::optional<Timed> {
    const auto at = runs.find(name);
    if (at == runs.end()) return std::nullopt;
    const Timed found = at->second;
    if (found.until <= now) runs.erase(at);
    return found;
  });
  if (!timed) return;
  if (timed->until <= now) {
    const std::string why = fmt::format("it ran longer than max_run_duration_seconds ({} s)", timed->limit_seconds);
    return apply_until_stored(run_key, attempt, CancelAsked{why});
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timed->until - now);
  thread_.post_after(left, [this, run_key, attempt, name] { look_at_duration(run_key, attempt, name); });
}

void SchedulerImpl::correct_duration(const model::Run& run, std::chrono::seconds ran) {
  constexpr std::chrono::seconds kNoise{2};  // of the way, and of whole seconds
  const std::string name = attempt_name(run);
  const auto until = clock_.steady() + std::chrono::seconds(run.spec.max_run_duration_seconds) - ran;
  // The node that began first counts.
  const auto is_new = [until, kNoise](const Timed& timed) { return !timed.is_told || until < timed.until - kNoise; };
  const bool is_known = timed_runs_.with([&](const auto& runs) {
    const auto at = runs.find(name);
    return at != runs.end() && !is_new(at->second);
  });
  if (is_known) return;
  // After what was posted when the server started, which begins to watch the runs that it found.
  thread_.post([this, key = run.key, attempt = run.attempt, name, until, is_new] {
    const bool is_earlier = timed_runs_.with([&](auto& runs) {
      const auto at = runs.find(name);
      if (at == runs.end() || !is_new(at->second)) return false;
      const bool earlier = until < at->second.until;
      at->second.until = until;
      at->second.is_told = true;
      return earlier;
    });
    if (is_earlier) look_at_duration(key, attempt, name);
  });
}

/// One timer for all targets: it is set again only for an earlier time than it has.
void SchedulerImpl::watch_targets() {
  const auto now = clock_.steady();
  if (next_target_look_ && *next_target_look_ <= now) next_target_look_.reset();
  const auto [next, changed] = targets_.tick(steady_us());
  for (const TargetName& name : changed) dispatch(name);
  if (!next) return;
  const auto wait = std::clamp<std::chrono::milliseconds>(std::chrono::milliseconds((*next - steady_us()) / 1000 + 1),
                                                          std::chrono::milliseconds(10), std::chrono::minutes(1));
  if (next_target_look_ && *next_target_look_ <= now + wait) return;
  next_target_look_ = now + wait;
  thread_.post_after(wait, [this] { watch_targets(); });
}

}  // namespace muster::scheduler
