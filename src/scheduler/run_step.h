#pragma once
// The inside of run_machine.h: what one event makes of a run. Bodies: run_machine.cc (the run, its ranks), run_machine_nodes.cc (its
// nodes). Pure.

#include "scheduler/run_machine.h"

namespace muster::scheduler {

/// Moves the run to a status, closing and opening stages as it goes.
void enter(model::Run& run, model::RunStatus status, TimeUs now);
/// Every node is done (or there are none): the exit codes alone decide.
void conclude(model::Run& run, const Circumstances& circumstances, std::vector<Effect>& effects);
/// After a node got further: is the run finalizing, or over?
void look_at_nodes(model::Run& run, const Circumstances& circumstances, std::vector<Effect>& effects);
/// nullptr when there is none.
model::RunNode* node_of(model::Run& run, int node_rank);

/// One overload an event; each returns whether the event meant anything.
struct RunStep {
  model::Run& run;
  const Circumstances& at;
  std::vector<Effect>& effects;
  std::optional<Error>& refusal;

  bool operator()(const Submitted&) const;
  bool operator()(const EnvironmentReady&) const;
  bool operator()(const AttemptFailed&) const;
  bool operator()(const NodesGranted&) const;
  bool operator()(const WaitingForNodes&) const;
  bool operator()(const NodesComing&) const;
  bool operator()(const NodesThere&) const;
  bool operator()(const AttemptGone&) const;
  bool operator()(const NodeCheckedIn&) const;
  bool operator()(const RanksStarted&) const;
  bool operator()(const RankFailed&) const;
  bool operator()(const RanksFinished&) const;
  bool operator()(const NodeDone&) const;
  bool operator()(const NodeGone&) const;
  bool operator()(const HeartbeatsMissed&) const;
  bool operator()(const HeartbeatsBack&) const;
  bool operator()(const StartAgain&) const;
  bool operator()(const PutOff&) const;
  bool operator()(const WaitsForDisk&) const;
  bool operator()(const CancelAsked&) const;

 private:
  bool refuse(Code code, std::string why) const;
  bool refuse_node(int node_rank) const;
  /// The engine has the run, and it has no nodes yet.
  bool waits_for_engine() const;
  /// The node of that key, else the first without one, which it is from now on; nullptr when there is none.
  model::RunNode* place_of(const std::string& key) const;
  /// Of a node that is done, whose ranks were asked to end by nobody that was known: the engine says why.
  bool explain(model::RunNode& node, const engine::Gone& how) const;
  /// What the engine's kind of loss means beyond that the runner is gone.
  void note_kind(model::RunNode& node, const engine::Gone& how) const;
};

}  // namespace muster::scheduler
