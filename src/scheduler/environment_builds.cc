#include "scheduler/environment_builds.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace muster::scheduler {
namespace {

using environment::BuildState;

constexpr int kMostAtOnce = 2;
constexpr std::chrono::minutes kBetweenPrunings{10};
constexpr std::chrono::minutes kBuildsEnd{1};

}  // namespace

EnvironmentBuilds::EnvironmentBuilds(std::filesystem::path root, std::uint64_t most_bytes, InUse in_use,
                                     const std::map<std::string, std::string>& variables)
    : cache_(std::move(root), variables), most_bytes_(most_bytes), in_use_(std::move(in_use)), workers_(kMostAtOnce) {
  if (most_bytes_ > 0) pruning_ = std::thread([this] { keep_within_limit(); });
}

EnvironmentBuilds::~EnvironmentBuilds() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (pruning_.joinable()) pruning_.join();
  workers_.stop(kBuildsEnd);
}

bool EnvironmentBuilds::is_stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

Result<EnvironmentBuilds::Seen> EnvironmentBuilds::look(const model::EnvironmentDefinition& definition) {
  MUSTER_TRY_ASSIGN(environment::Plan plan, cache_.plan(definition));
  MUSTER_TRY_ASSIGN(BuildState state, cache_.state(plan));
  const std::lock_guard lock(mutex_);
  const auto failed = not_remembered_.find(plan.hash);
  if (state.kind != BuildState::Kind::ready && under_way_.contains(plan.hash)) {
    state.kind = BuildState::Kind::building;
  } else if (state.kind == BuildState::Kind::absent && failed != not_remembered_.end()) {
    state.kind = BuildState::Kind::failed;
    state.error = failed->second;
  }
  return Seen{std::move(plan), std::move(state)};
}

Result<EnvironmentBuilds::Seen> EnvironmentBuilds::begin(const model::EnvironmentDefinition& definition) {
  MUSTER_TRY_ASSIGN(const Seen before, look(definition));
  if (before.state.kind == BuildState::Kind::ready || before.state.kind == BuildState::Kind::building) return before;
  MUSTER_TRY(cache_.retry(before.plan));
  {
    const std::lock_guard lock(mutex_);
    not_remembered_.erase(before.plan.hash);
    if (stopping_ || !under_way_.insert(before.plan.hash).second) return before;
  }
  workers_.post(before.plan.hash, [this, plan = before.plan] { build(plan); });
  return look(definition);
}

void EnvironmentBuilds::build(const environment::Plan& plan) {
  // Its log is in the cache: whoever wants to see it reads it there.
  const auto built = cache_.prepare(
      plan, [](std::string_view) {}, [this] { return is_stopping(); });
  const std::lock_guard lock(mutex_);
  under_way_.erase(plan.hash);
  if (!built) not_remembered_[plan.hash] = built.error();
}

Result<std::string> EnvironmentBuilds::log(const environment::Plan& plan, std::uint64_t offset, std::size_t most) const {
  return cache_.log_of(plan, offset, most);
}

Result<std::vector<EnvironmentBuilds::Listed>> EnvironmentBuilds::list() const {
  MUSTER_TRY_ASSIGN(auto all, cache_.kept());
  MUSTER_TRY_ASSIGN(const auto used, in_use_());
  std::vector<Listed> listed;
  for (environment::Kept& one : all) {
    const bool in_use = used.contains(one.hash);
    listed.push_back({std::move(one), in_use});
  }
  return listed;
}

Result<std::vector<environment::Kept>> EnvironmentBuilds::prune(const environment::PruneRules& rules, bool really) {
  MUSTER_TRY_ASSIGN(auto all, cache_.kept());
  // After the list: a run that finds one of these from now on is seen by its use.
  MUSTER_TRY_ASSIGN(const auto used, in_use_());
  std::vector<environment::Kept> gone;
  for (environment::Kept& one : environment::to_prune(std::move(all), used, rules, SystemClock().now_us())) {
    if (really) {
      const auto removed = cache_.remove(one);
      if (!removed) log::warning("environment", "{} cannot be removed: {}", one.hash.substr(0, 12), removed.error().detail);
      if (!removed || !*removed) continue;
      log::info("environment", "removed the environment {} ({})", one.hash.substr(0, 12), human_size(one.bytes));
    }
    gone.push_back(std::move(one));
  }
  return gone;
}

void EnvironmentBuilds::keep_within_limit() {
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (wake_.wait_for(lock, kBetweenPrunings, [this] { return stopping_; })) return;
    }
    if (const auto pruned = prune({.most_bytes = most_bytes_}, true); !pruned)
      log::warning("environment", "environments are not pruned: {}", pruned.error().detail);
  }
}

}  // namespace muster::scheduler
