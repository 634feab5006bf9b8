#include "environment/builder.h"

#include <condition_variable>
#include <system_error>
#include <thread>

#include "environment/environment_folder.h"

namespace muster::environment {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::minutes kDeadline{30};
constexpr std::chrono::milliseconds kAskAgain{100};
constexpr std::size_t kLongestLog = 16u << 20;

}  // namespace

/// One build, on a thread of its own, so that whoever asked first may leave while others still wait.
struct EnvironmentCache::Building {
  std::mutex mutex;
  std::condition_variable changed;
  std::string log;
  std::optional<Result<Prepared>> outcome;  ///< set at the end
  int waiting = 0;
  bool abandoned = false;  ///< nobody waits: it is to end
  std::thread thread;

  void add_log(std::string_view text) {
    const std::lock_guard lock(mutex);
    if (log.size() < kLongestLog) log += text;
    changed.notify_all();
  }

  Result<void> stop() {
    const std::lock_guard lock(mutex);
    if (abandoned) return fail(Code::conflict, "the build of the environment was cancelled");
    return {};
  }

  /// Waits with everybody else. Nothing: this build was abandoned before we came; ask again.
  std::optional<Result<Prepared>> wait(const std::function<void(std::string_view)>& on_log, const std::function<bool()>& cancelled,
                                       steady_clock::time_point deadline) {
    std::unique_lock lock(mutex);
    const bool late = abandoned;
    if (!late) ++waiting;
    std::size_t shown = 0;
    while (true) {
      if (!late && shown < log.size()) {
        const std::string text = log.substr(shown);
        shown = log.size();
        lock.unlock();
        on_log(text);
        lock.lock();
        continue;
      }
      if (outcome) return late ? std::nullopt : outcome;
      lock.unlock();
      const bool leave = cancelled();
      const bool past = steady_clock::now() > deadline;
      lock.lock();
      if (leave || past) {
        if (!late && --waiting == 0) abandoned = true;
        if (past) return fail(Code::timeout, "the environment was not there after {} minutes", kDeadline.count());
        return fail(Code::conflict, "the build of the environment was cancelled");
      }
      if (!outcome && shown == log.size()) changed.wait_for(lock, kAskAgain);
    }
  }
};

EnvironmentCache::EnvironmentCache(std::filesystem::path root, std::map<std::string, std::string> variables)
    : root_(std::move(root)), variables_(std::move(variables)) {
  clear_dead_builds(root_);
}

EnvironmentCache::~EnvironmentCache() {
  std::vector<std::shared_ptr<Building>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [hash, building] : building_) all.push_back(building);
    all.insert(all.end(), ended_.begin(), ended_.end());
  }
  for (const auto& building : all) {
    {
      const std::lock_guard lock(building->mutex);
      building->abandoned = true;
    }
    building->thread.join();
  }
}

Result<std::string> EnvironmentCache::interpreter_of(const model::EnvironmentDefinition& definition) const {
  const auto path = variables_.find("PATH");
  return resolve_interpreter(interpreter_wanted(definition), path == variables_.end() ? "" : path->second);
}

Result<std::optional<Prepared>> EnvironmentCache::find(const model::EnvironmentDefinition& definition) const {
  MUSTER_TRY_ASSIGN(const std::string interpreter, interpreter_of(definition));
  const std::string hash = environment_hash(definition, interpreter);
  if (packages_to_install(definition).empty()) return Prepared{interpreter, "", hash};
  return find_built(root_, hash);
}

Result<Prepared> EnvironmentCache::prepare(const model::EnvironmentDefinition& definition,
                                           const std::function<void(std::string_view)>& on_log, const std::function<bool()>& cancelled) {
  MUSTER_TRY_ASSIGN(const auto found, find(definition));
  if (found) return *found;
  MUSTER_TRY_ASSIGN(const std::string interpreter, interpreter_of(definition));
  const std::string hash = environment_hash(definition, interpreter);
  const auto deadline = steady_clock::now() + kDeadline;
  while (true) {
    MUSTER_TRY_ASSIGN(const std::shared_ptr<Building> building, join_or_start(definition, interpreter, hash));
    if (auto outcome = building->wait(on_log, cancelled, deadline)) return *outcome;
  }
}

Result<std::shared_ptr<EnvironmentCache::Building>> EnvironmentCache::join_or_start(const model::EnvironmentDefinition& definition,
                                                                                    const std::string& interpreter,
                                                                                    const std::string& hash) {
  const std::lock_guard lock(mutex_);
  for (const auto& building : ended_) building->thread.join();
  ended_.clear();
  std::shared_ptr<Building>& building = building_[hash];
  if (!building) {
    building = std::make_shared<Building>();
    const BuildRequest request{root_, hash, interpreter, packages_to_install(definition), provided_packages(definition), variables_};
    try {
      building->thread = std::thread([this, request, building = building] { run(request, *building); });
    } catch (const std::system_error& none) {
      building_.erase(hash);  // or everybody who asks for this environment would wait for a build that nobody does
      return fail(Code::unavailable, "cannot start a thread to build the environment: {}", none.what());
    }
  }
  return building;
}

void EnvironmentCache::run(const BuildRequest& request, Building& building) {
  auto outcome = build_once(
      request, steady_clock::now() + kDeadline, [&](std::string_view text) { building.add_log(text); }, [&] { return building.stop(); });
  {
    // Out of the table before anybody hears of the end: who asks after a failure starts a new build.
    const std::lock_guard lock(mutex_);
    const auto at = building_.find(request.hash);
    ended_.push_back(std::move(at->second));
    building_.erase(at);
  }
  const std::lock_guard lock(building.mutex);
  building.outcome = std::move(outcome);
  building.changed.notify_all();
}

}  // namespace muster::environment
