// `muster runner`, which engines start; nobody types it.

#include "base/crash_point.h"
#include "runner/runner.h"

#include <cstdlib>

#include "base/text.h"
#include "cli/commands.h"
#include "model/runner_variables.h"

namespace muster::cli {
namespace {

struct RunnerCommandOptions {
  std::string run;
  std::optional<std::int64_t> attempt;
  std::optional<std::int64_t> nodes;
  std::string url;
  std::vector<std::string> avoid_ports;
  bool salvage = false;
};

Result<Exit> run(const RunnerCommandOptions& options) {
  // A salvaging runner is not the one that a test means; jobs never see the variable.
  arm_crash_point(options.salvage ? "salvage" : "runner", ForChildren::remove);
  runner::RunnerOptions runner;
  runner.run_id = options.run;
  runner.attempt = static_cast<int>(options.attempt.value_or(1));
  runner.node_count = static_cast<int>(options.nodes.value_or(1));
  runner.url = options.url;
  runner.salvage = options.salvage;
  for (const std::string& text : options.avoid_ports) {
    std::int64_t port = 0;
    if (!parse_int64(text, port) || port < 1 || port > 65535) return fail(Code::invalid, "--avoid-port {}: a port is 1 to 65535", text);
    runner.avoid_ports.push_back(static_cast<int>(port));
  }
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets variables yet
    return std::string(value != nullptr ? value : "");
  };
  runner.token = variable(model::kRunnerTokenVariable);
  runner.proof_key = variable(model::kRunnerProofKeyVariable);
  runner.node_key = variable(model::kNodeKeyVariable);
  runner.scratch = variable(model::kScratchVariable);
  if (runner.node_key.empty() || !runner.scratch.is_absolute()) {
    return fail(Code::invalid, "a runner is started by an engine, with {} and {} (an absolute path) in its environment",
                model::kNodeKeyVariable, model::kScratchVariable);
  }
  return static_cast<Exit>(runner::run_runner(runner));
}

}  // namespace

void add_runner(Command& root) {
  auto options = std::make_shared<RunnerCommandOptions>();
  Command& command = root.verb("runner", "The program on each node of a run. Engines start it", [options] { return run(*options); });
  command.hidden();
  command.option("--run", "RUN", options->run, "the run").required();
  command.option("--attempt", "N", options->attempt, "the attempt").required();
  command.option("--nodes", "N", options->nodes, "how many nodes the attempt has").required();
  command.option("--url", "URL", options->url, "the server").required();
  command.flag("--salvage", options->salvage, "bring home what another runner left");
  command.option("--avoid-port", "PORT", options->avoid_ports, "a port at which the ranks are not to meet; may be given several times");
}

}  // namespace muster::cli
