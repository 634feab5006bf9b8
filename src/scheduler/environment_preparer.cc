#include "scheduler/environment_preparer.h"

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "scheduler/delay_after.h"

namespace muster::scheduler {
namespace {

constexpr int kMostLookups = 2;
/// A build that is canceled ends its processes within seconds; its thread uses what goes with the preparer.
constexpr std::chrono::hours kLastPatience{1};
constexpr int kMostBuilds = 8;
constexpr std::size_t kLongestLog = 16u << 20;

/// What a run is told. Curated environments are often older than what a machine can build, and cannot be changed: there is another way.
Result<environment::Prepared> outcome_for(const model::Run& run, Result<environment::Prepared> outcome) {
  const std::string& name = run.spec.environment.name;
  if (outcome || !model::is_reserved_environment(name)) return outcome;
  std::string& hint = outcome.error().hint;
  hint += fmt::format(
      "{}{} is curated; where it cannot be built, point its name at an environment that can: "
      "`muster environment override {} --with OTHER`",
      hint.empty() ? "" : "; ", name, name);
  return outcome;
}

}  // namespace

EnvironmentPreparer::EnvironmentPreparer(Callbacks callbacks, store::LogStore& logs, const Clock& clock,
                                         const OrderedWorkers::MakeThread& make_thread)
    : callbacks_(std::move(callbacks)),
      logs_(logs),
      clock_(clock),
      lookups_(kMostLookups, make_thread),
      builds_(kMostBuilds, make_thread) {}

EnvironmentPreparer::~EnvironmentPreparer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;  // builds under way are canceled; those who wait are found again when the server starts
  }
  lookups_.stop(kLastPatience);  // first: they post builds
  builds_.stop(kLastPatience);
}

void EnvironmentPreparer::prepare(const model::Run& run) {
  model::EnvironmentDefinition definition = run.spec.environment;
  definition.name.clear();
  definition.version.reset();
  definition.variables.clear();
  const std::string key = dump_json(model::to_json(definition));
  const auto waiter = std::make_shared<Waiter>();
  waiter->run = run;
  const std::lock_guard lock(mutex_);
  WantedPointer& wanted = wanted_[key];
  const bool is_new = !wanted;
  if (is_new) wanted = std::make_shared<Wanted>(definition);
  wanted->waiters[run.key] = waiter;
  if (is_new)
    lookups_.post(key, [this, key, wanted = wanted] { look(key, wanted); });
  else
    lookups_.post(key, [this, wanted = wanted, key = run.key, waiter] { show_log(*wanted, {{key, waiter}}); });
}

void EnvironmentPreparer::abandon(std::int64_t run_key) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, wanted] : wanted_) wanted->waiters.erase(run_key);
}

void EnvironmentPreparer::look(const std::string& key, const WantedPointer& wanted) {
  Found found;
  try {
    found = callbacks_.find(wanted->definition);
  } catch (const std::exception& surprise) {
    found = fail(Code::unavailable, "the environment could not be looked for: {}", surprise.what());
  }
  if (!found)
    conclude(key, wanted, tl::unexpected(found.error()));
  else if (found->prepared)
    conclude(key, wanted, *found->prepared);
  else
    build_or_join(wanted, found->plan);
}

void EnvironmentPreparer::build_or_join(const WantedPointer& wanted, const environment::Plan& plan) {
  Waiters joined;
  WantedPointer other;
  {
    const std::lock_guard lock(mutex_);
    WantedPointer& known = wanted_[plan.hash];
    if (!known) known = wanted;
    if (known != wanted) {
      other = known;
      joined = wanted->waiters;
      other->waiters.insert(joined.begin(), joined.end());
      for (auto& [asked_as, one] : wanted_) {
        if (one == wanted) one = other;
      }
    }
  }
  if (other)
    show_log(*other, joined);
  else
    builds_.post(plan.hash, [this, wanted, plan] { build(plan.hash, wanted, plan); });
}

void EnvironmentPreparer::build(const std::string& key, const WantedPointer& wanted, const environment::Plan& plan) {
  const auto on_log = [&](std::string_view text) { show_log(*wanted, waiters_of(wanted), text); };
  bool is_concluded = false;
  while (!is_concluded) {
    bool is_canceled = false;
    Built outcome;
    try {
      outcome = callbacks_.build(plan, on_log, [&] { return is_canceled = is_canceled || nobody_waits(wanted); });
    } catch (const std::exception& surprise) {
      outcome = fail(Code::unavailable, "the environment could not be built: {}", surprise.what());
    }
    is_concluded = conclude(key, wanted, outcome, !outcome && is_canceled);
  }
}

bool EnvironmentPreparer::conclude(const std::string& key, const WantedPointer& wanted, const Built& outcome, bool was_canceled) {
  const bool try_again = !outcome && outcome.error().code == Code::unavailable;
  Waiters waiters;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return true;
    waiters = wanted->waiters;
    if (was_canceled && !waiters.empty()) return false;
    if (!try_again || waiters.empty()) std::erase_if(wanted_, [&](const auto& one) { return one.second == wanted; });
  }
  if (try_again) {
    if (waiters.empty()) return true;
    if (wanted->tries == 0) log::warning("environment", "an environment cannot be prepared now: {}", outcome.error().detail);
    for (const auto& [run_key, waiter] : waiters) callbacks_.put_off(run_key, outcome.error().detail);
    callbacks_.after(delay_after(wanted->tries++), [this, key, wanted] { lookups_.post(key, [this, key, wanted] { look(key, wanted); }); });
    return true;
  }
  show_log(*wanted, waiters);
  const bool is_logged = has_log(*wanted);
  for (const auto& [run_key, waiter] : waiters) {
    if (is_logged) {
      const auto done = logs_.complete({waiter->run.uuid, waiter->run.attempt, 0, environment::kBuildLog});
      if (!done) log::warning("environment", "the build log of {}: {}", waiter->run.run_id, done.error().detail);
    }
    callbacks_.ready(run_key, outcome_for(waiter->run, outcome));
  }
  return true;
}

bool EnvironmentPreparer::nobody_waits(const WantedPointer& wanted) {
  const std::lock_guard lock(mutex_);
  return stopping_ || wanted->waiters.empty();
}

EnvironmentPreparer::Waiters EnvironmentPreparer::waiters_of(const WantedPointer& wanted) {
  const std::lock_guard lock(mutex_);
  return wanted->waiters;
}

void EnvironmentPreparer::show_log(Wanted& wanted, const Waiters& waiters, std::string_view more) {
  const std::lock_guard lock(wanted.log_mutex);
  if (wanted.log.size() < kLongestLog) wanted.log += more;
  for (const auto& [run_key, waiter] : waiters) bring_up_to_date(wanted, *waiter);
}

bool EnvironmentPreparer::has_log(Wanted& wanted) {
  const std::lock_guard lock(wanted.log_mutex);
  return !wanted.log.empty();
}

void EnvironmentPreparer::bring_up_to_date(const Wanted& wanted, Waiter& waiter) {
  if (waiter.log_bytes == wanted.log.size()) return;
  const store::LogId id{waiter.run.uuid, waiter.run.attempt, 0, environment::kBuildLog};
  std::uint64_t size = logs_.size(id).value_or(0);
  const auto append = [&](std::string_view text) {
    const auto appended = logs_.append(id, size, text, clock_.now_us(), std::nullopt);
    if (!appended) log::warning("environment", "the build log of {}: {}", waiter.run.run_id, appended.error().detail);
    size = logs_.size(id).value_or(size);
    return appended.has_value();
  };
  // A run that waited before a restart has a log already: what it holds is kept, this build's log follows it.
  if (waiter.log_bytes == 0 && size > 0) append("\n");
  // What the disk did not take comes again with what is said next.
  if (append(std::string_view(wanted.log).substr(waiter.log_bytes))) waiter.log_bytes = wanted.log.size();
}

}  // namespace muster::scheduler
