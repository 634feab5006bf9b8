#include <fcntl.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "client/retry.h"
#include "environment/cache.h"
#include "runner/persist.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

using namespace std::chrono_literals;

/// How long a node that is short of processes, descriptors or memory is waited for.
constexpr std::chrono::minutes kPatience{30};

/// What is built is told to the run as it comes. A run whose environment is there already has no such log.
class BuildLog {
 public:
  explicit BuildLog(NodeRun& run) : run_(run) {}

  void write(std::string_view text) {
    const auto written = file_ ? write_all(file_.get(), text) : begin(text);
    if (!written) log::warning("runner", "the build's log: {}", written.error().detail);  // no reason to end the build
  }

 private:
  Result<void> begin(std::string_view text) {
    const auto path = run_.folder.rank_log(environment::kBuildLog);
    MUSTER_TRY_ASSIGN(file_, open_file(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND));
    MUSTER_TRY(write_all(file_.get(), text));
    MUSTER_TRY(run_.logs->add(path, environment::kBuildLog, std::nullopt));
    return run_.logs->begin();
  }

  NodeRun& run_;
  Fd file_;
};

Result<environment::Prepared> prepare_with_patience(NodeRun& run) {
  environment::EnvironmentCache cache(environments_of(run.options.scratch));
  BuildLog log(run);
  const auto until = run.system_clock.steady() + kPatience;
  for (auto wait = 1000ms;; wait = std::min(wait * 2, 30'000ms)) {
    auto prepared = cache.prepare(
        *run.order.definition, [&](std::string_view text) { log.write(text); }, [&] { return run.stop.is_asked(); });
    if (prepared || prepared.error().code != Code::unavailable || run.system_clock.steady() >= until) return prepared;
    log::warning("runner", "{}; tried again in {} s", prepared.error().detail, wait.count() / 1000);
    if (!client::sleep_for(wait, run.stop.asked_token())) return prepared;
  }
}

}  // namespace

Result<void> prepare_environment(NodeRun& run) {
  if (!run.order.definition) return {};
  auto prepared = prepare_with_patience(run);
  run.environment_failed = !prepared;
  if (!prepared) return tl::unexpected(std::move(prepared).error());
  run.order.prepared = std::move(*prepared);
  return {};
}

}  // namespace muster::runner::steps
