#include "scheduler/environment_desk.h"

#include "base/log.h"

namespace muster::scheduler {

EnvironmentDesk::EnvironmentDesk(environment::EnvironmentCache& cache, store::LogStore& logs, const Clock& clock, Ready ready)
    : cache_(cache), logs_(logs), clock_(clock), ready_(std::move(ready)) {}

EnvironmentDesk::~EnvironmentDesk() {
  std::vector<std::shared_ptr<Build>> builds;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (auto& [key, build] : builds_) builds.push_back(build);
    builds.insert(builds.end(), finished_.begin(), finished_.end());
  }
  for (auto& build : builds) build->thread.join();
}

void EnvironmentDesk::prepare(const model::Run& run) {
  const model::EnvironmentDefinition& definition = run.spec.environment;
  if (definition.pip_packages.empty()) {
    ready_(run.key, cache_.prepare(
                        definition, [](std::string_view) {}, [] { return false; }));
    return;
  }
  const std::string key = environment::environment_hash(definition, definition.interpreter_path);
  join_finished();
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Build>& build = builds_[key];
  const bool is_new = !build;
  if (is_new) build = std::make_shared<Build>();
  Waiter& waiter = build->waiters[run.key];
  waiter.run = run;
  bring_up_to_date(*build, waiter);
  if (is_new) build->thread = std::thread([this, key, definition] { run_build(key, definition); });
}

void EnvironmentDesk::abandon(std::int64_t run_key) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, build] : builds_) build->waiters.erase(run_key);
}

void EnvironmentDesk::bring_up_to_date(const Build& build, Waiter& waiter) {
  const store::LogId id{waiter.run.uuid, waiter.run.attempt, 0, kBuildLog};
  // A run that waited before a restart has a log already: what it holds is kept, this build's log follows it.
  if (waiter.log_bytes == 0 && !build.log.empty()) {
    const auto size = logs_.size(id);
    if (size && *size > 0) {
      const auto noted = logs_.append(id, *size, "\n", clock_.now_us(), std::nullopt);
      if (!noted) log::warning("environment", "{}: {}", waiter.run.run_id, noted.error().detail);
    }
  }
  if (waiter.log_bytes == build.log.size()) return;
  const auto size = logs_.size(id);
  const auto appended =
      logs_.append(id, size.value_or(0), std::string_view(build.log).substr(waiter.log_bytes), clock_.now_us(), std::nullopt);
  if (!appended) log::warning("environment", "the build log of {}: {}", waiter.run.run_id, appended.error().detail);
  waiter.log_bytes = build.log.size();
}

void EnvironmentDesk::run_build(const std::string& key, const model::EnvironmentDefinition& definition) {
  const auto on_log = [&](std::string_view text) {
    const std::lock_guard lock(mutex_);
    Build& build = *builds_.at(key);
    build.log += text;
    for (auto& [run_key, waiter] : build.waiters) bring_up_to_date(build, waiter);
  };
  const auto nobody_waits = [&] {
    const std::lock_guard lock(mutex_);
    return stopping_ || builds_.at(key)->waiters.empty();
  };
  std::map<std::int64_t, Waiter> waiters;
  Result<environment::Prepared> prepared = environment::Prepared{};
  while (true) {
    bool gave_up = false;
    prepared = cache_.prepare(definition, on_log, [&] { return gave_up = gave_up || nobody_waits(); });
    const std::lock_guard lock(mutex_);
    if (stopping_) return;  // those who wait are found again when the server starts
    const auto at = builds_.find(key);
    // Somebody came while the build was being given up: once more, for them.
    if (!prepared && gave_up && !at->second->waiters.empty()) continue;
    waiters = std::move(at->second->waiters);
    finished_.push_back(at->second);
    builds_.erase(at);
    break;
  }
  for (auto& [run_key, waiter] : waiters) {
    const store::LogId id{waiter.run.uuid, waiter.run.attempt, 0, kBuildLog};
    if (waiter.log_bytes > 0) {
      const auto done = logs_.complete(id);
      if (!done) log::warning("environment", "the build log of {}: {}", waiter.run.run_id, done.error().detail);
    }
    ready_(run_key, prepared);
  }
}

void EnvironmentDesk::join_finished() {
  std::vector<std::shared_ptr<Build>> finished;
  {
    const std::lock_guard lock(mutex_);
    finished.swap(finished_);
  }
  for (auto& build : finished) build->thread.join();
}

}  // namespace muster::scheduler
