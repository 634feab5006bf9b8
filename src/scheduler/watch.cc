// What has to be looked at from time to time.

#include <fmt/format.h>

#include "base/log.h"
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
    heartbeats_.with([&](auto& beats) {
      for (auto& [node, at] : beats) at = now;
    });
  }
  last_heartbeat_look_ = now;
  const ActiveRuns runs = active_.with([](const ActiveRuns& all) { return all; });
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
  std::vector<int> lost;
  for (const model::RunNode& node : run.nodes) {
    if (node.status == "Done" || node.runner_pid == 0) continue;
    const auto last = heartbeats_.with([&](auto& beats) { return beats.try_emplace({run.run_id, node.node_rank}, now).first->second; });
    if (now - last > kHeartbeatPatience && missing.empty())
      missing = fmt::format("{}{} ({}) for more than {} s", kSilenceWords, node.node_rank, node.host, kHeartbeatPatience.count());
    if (now - last <= options_.silence_is_loss) continue;
    lost.push_back(node.node_rank);
    heartbeats_.with([&](auto& beats) { beats[{run.run_id, node.node_rank}] = now; });  // its successor has as long
  }
  if (!lost.empty()) {
    log::warning("scheduler", "{}: {} nodes have said nothing for {} minutes and are taken for lost", run.run_id, lost.size(),
                 std::chrono::duration_cast<std::chrono::minutes>(options_.silence_is_loss).count());
    kill_nodes(run, lost);
  }
  if (missing.empty() ? run.status != RunStatus::not_responding && !run.status_detail.starts_with(kSilenceWords)
                      : run.status == RunStatus::not_responding || run.status_detail == missing)
    return;
  const auto told =
      missing.empty() ? apply(run.key, run.attempt, HeartbeatsBack{}) : apply(run.key, run.attempt, HeartbeatsMissed{missing});
  if (!told) log::warning("scheduler", "{}: {}", run.run_id, told.error().detail);
}

void SchedulerImpl::watch_start(const std::string& run_id, int attempt) {
  thread_.post_after(options_.start_patience, [this, run_id, attempt] {
    const auto run = active(run_id);
    if (!run || run->attempt != attempt) return;
    std::vector<int> silent;
    for (const model::RunNode& node : run->nodes) {
      if (node.status == "Starting" && node.runner_pid == 0) silent.push_back(node.node_rank);
    }
    if (silent.empty()) return;
    log::warning("scheduler", "{}: {} runners have not checked in; ending them", run_id, silent.size());
    kill_nodes(*run, silent);
  });
}

void SchedulerImpl::watch_duration(const model::Run& run) {
  if (run.started_at == 0) return;
  const std::string name = fmt::format("{}/{}", run.run_id, run.attempt);
  if (!timed_runs_.with([&](auto& names) { return names.insert(name).second; })) return;
  // The wall clock only says how long it has run before a restart; from here on time is monotonic.
  const TimeUs so_far = std::max<TimeUs>(0, clock_.now_us() - run.started_at);
  const TimeUs limit = run.spec.max_run_duration_seconds * 1'000'000;
  const auto left = std::chrono::milliseconds(std::max<TimeUs>(0, limit - so_far) / 1000);
  thread_.post_after(left, [this, key = run.key, attempt = run.attempt, name, seconds = run.spec.max_run_duration_seconds] {
    timed_runs_.with([&](auto& names) { names.erase(name); });
    apply_until_stored(key, attempt, CancelAsked{fmt::format("it ran longer than max_run_duration_seconds ({} s)", seconds)});
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
