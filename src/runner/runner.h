#pragma once
// The program on each node of a run: fetches what the run needs, starts its ranks, follows them, brings home what they leave.

#include <filesystem>
#include <string>
#include <vector>

namespace muster::runner {

struct RunnerOptions {
  std::string run_id;
  int attempt = 1;
  int node_count = 1;
  std::string node_key;           ///< the engine's name for this node; which rank it is, the server says; from MUSTER_NODE_KEY
  std::filesystem::path scratch;  ///< this node's, which the runner fills (docs/formats.md, "Run folder"); from MUSTER_SCRATCH
  std::string url;                ///< of the server
  std::string token;              ///< the runner's own; from MUSTER_RUNNER_TOKEN, never on a command line
  std::string proof_key;          ///< by which the server proves to be the run's own (model/server_proof.h); from MUSTER_RUNNER_PROOF_KEY
  std::vector<int> avoid_ports;   ///< at which the ranks cannot meet: another program had them when earlier attempts tried
  bool salvage = false;           ///< another runner died here: end what it started, bring home what is there
};

/// Runs a node's part of a run to its end; returns the exit code: 0 when the server has everything, 1 when not (the folder is kept, and a
/// line on standard error says why). Blocks for as long as the run takes; with the server away, up to seven days longer than its ranks run.
/// SIGTERM asks it to end its ranks with grace and to report. Call once, from the main thread, before other threads are started: it takes
/// SIGTERM, SIGINT and SIGPIPE for itself.
int run_runner(const RunnerOptions& options);

}  // namespace muster::runner
