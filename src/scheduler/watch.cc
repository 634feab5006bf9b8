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

void SchedulerImpl::watch_heartbeats() {
  const auto now = clock_.steady();
  const ActiveRuns runs = active_.with([](const ActiveRuns& all) { return all; });
  for (const auto& [id, run] : runs) {
    if (run->status != model::RunStatus::running && run->status != model::RunStatus::not_responding) continue;
    std::string missing;
    for (const model::RunNode& node : run->nodes) {
      if (node.status != "Running") continue;
      const auto last = heartbeats_.with([&, &run_id = id](auto& beats) {
        return beats.try_emplace({run_id, node.node_rank}, now).first->second;
      });
      if (now - last > kHeartbeatPatience) {
        missing = fmt::format("nothing heard from node {} ({}) for {} s", node.node_rank, node.host,
                              std::chrono::duration_cast<std::chrono::seconds>(now - last).count());
        break;
      }
    }
    const bool responding = run->status == model::RunStatus::running;
    if (missing.empty() == responding) continue;
    const auto told =
        missing.empty() ? apply(run->key, run->attempt, HeartbeatsBack{}) : apply(run->key, run->attempt, HeartbeatsMissed{missing});
    if (!told) log::warning("scheduler", "{}: {}", id, told.error().detail);
  }
  thread_.post_after(kWatchEvery, [this] { watch_heartbeats(); });
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
    const auto told = apply(key, attempt, CancelAsked{fmt::format("it ran longer than max_run_duration_seconds ({} s)", seconds)});
    if (!told && told.error().code != Code::conflict && told.error().code != Code::not_found) {
      log::error("scheduler", "ending {}: {}", name, told.error().detail);
    }
  });
}

void SchedulerImpl::watch_targets() {
  const auto next = targets_.tick(clock_.now_us());
  if (!next) return;
  const auto wait = std::chrono::milliseconds(std::max<TimeUs>(10'000, *next - clock_.now_us()) / 1000 + 1);
  thread_.post_after(std::min<std::chrono::milliseconds>(wait, std::chrono::minutes(1)), [this] { watch_targets(); });
}

}  // namespace muster::scheduler
