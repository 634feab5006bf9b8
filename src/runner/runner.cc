#include "runner/runner.h"

#include <algorithm>
#include <array>

#include "base/log.h"
#include "process/file_limit.h"
#include "process/orphans.h"
#include "runner/steps/steps.h"

namespace muster::runner {
namespace {

/// How long after the ranks' end the server may stay away before what could not be said is left in the run folder.
constexpr std::chrono::hours kLongestAbsence{7 * 24};

struct Step {
  const char* name;
  Result<void> (*run)(NodeRun&);
};

constexpr Step kCheckIn{"check in", steps::check_in};
constexpr std::array kPreparing{
    Step{"fetch the snapshot", steps::fetch_snapshot},
    Step{"fetch the inputs", steps::fetch_inputs},
    Step{"prepare the environment", steps::prepare_environment},
    Step{"restore outputs", steps::restore_outputs},
    Step{"start the ranks", steps::start_ranks},
};
constexpr Step kTakeOver{"take over", steps::take_over};
constexpr std::array kFollowing{
    Step{"follow the ranks", steps::follow},
    Step{"wait for the end of mpirun", steps::await_mpirun},
};
constexpr std::array kConcluding{
    Step{"end what is left", steps::end_leftovers},      Step{"send the rest of logs and metrics", steps::drain},
    Step{"collect outputs", steps::collect_outputs},     Step{"collect data", steps::collect_data},
    Step{"report the node as done", steps::report_done},
};

/// A step that the run cannot do without. False: it failed, and this runner with it.
bool must(const Step& step, NodeRun& run) {
  const auto done = step.run(run);
  if (done) return true;
  log::error("runner", "could not {}: {}{}{}", step.name, done.error().detail, done.error().hint.empty() ? "" : "; ", done.error().hint);
  return false;
}

/// Up to the first step that fails, which is why no rank was started, or that a stop makes needless.
void prepare(NodeRun& run) {
  for (const Step& step : kPreparing) {
    if (run.stop.is_asked()) return;
    auto done = step.run(run);
    if (done) continue;
    if (run.stop.is_asked()) return;  // interrupted, not failed
    log::error("runner", "could not {}: {}", step.name, done.error().detail);
    run.start_error = std::move(done).error();
    return;
  }
}

bool run_steps(NodeRun& run) {
  if (!must(kCheckIn, run)) return false;
  if (run.options.salvage) {
    if (!must(kTakeOver, run)) return false;
  } else {
    prepare(run);
  }
  const auto take = [&](const Step& step) { return must(step, run); };
  if (!std::all_of(kFollowing.begin(), kFollowing.end(), take)) return false;

  run.delivery.concluding(run.system_clock.steady());
  run.heartbeat->concluding(kLongestAbsence);
  if (std::all_of(kConcluding.begin(), kConcluding.end(), take)) return true;
  // Nobody else has what could not be sent. The mark tells a server that starts that it is no leftover.
  if (const auto kept = run.folder.mark_as_kept(); !kept) log::error("runner", "{}", kept.error().detail);
  log::error("runner", "what is not recorded is left in {}", run.folder.root().string());
  return false;
}

}  // namespace

int run_runner(const RunnerOptions& options) {
  log::open("", log::Level::info);
  process::raise_file_limit();
  auto stop = StopControl::create();
  if (!stop) {
    log::error("runner", "{}", stop.error().detail);
    return 1;
  }
  // Processes of the job that lose their parent become our children, so that they are found.
  if (const auto adopting = process::adopt_orphans(); !adopting) log::warning("runner", "{}", adopting.error().detail);
  const auto signals = SignalListener::create(**stop);
  if (!signals) {
    log::error("runner", "{}", signals.error().detail);
    return 1;
  }
  NodeRun run(options, **stop);
  const bool done = run_steps(run);
  (*stop)->cancel_calls();  // ends the calls that still wait for the server
  return done ? 0 : 1;
}

}  // namespace muster::runner
