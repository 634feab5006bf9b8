#pragma once
// The variables by which an engine tells a runner who it is and where it may work. Never on a command line: two of them are secrets.

namespace muster::model {

inline constexpr const char* kNodeKeyVariable =
    "MUSTER_NODE_KEY";                                             ///< the engine's name for the node; the runner says it when it checks in
inline constexpr const char* kScratchVariable = "MUSTER_SCRATCH";  ///< an absolute folder on the node that the runner may fill
inline constexpr const char* kRunnerTokenVariable = "MUSTER_RUNNER_TOKEN";
inline constexpr const char* kRunnerProofKeyVariable = "MUSTER_RUNNER_PROOF_KEY";  ///< by which the server proves to be the run's own

}  // namespace muster::model
