#pragma once
// Ranks that are this runner's own children: all launches but MPI's.

#include "runner/node_ranks.h"
#include "runner/warnings.h"

namespace muster::runner {

class ChildRanks final : public NodeRanks {
 public:
  enum class Terminate {
    process,  ///< a script's process alone is asked: what it has started (workers of a DataLoader) is its to end
    session,  ///< a command's whole session is: its shell passes nothing on
  };
  /// `warnings` must outlive it. The children, one a rank, are not ended by the destructor.
  ChildRanks(std::vector<process::Child> children, Terminate terminate, Warnings& warnings);

  void add_to(std::vector<pollfd>& wanted) const override;
  std::vector<EndedNow> look(Ending::Time now) override;
  void terminate() override;
  void kill() override;

 private:
  std::vector<process::Child> children_;
  std::vector<bool> told_;
  Terminate terminate_;
  Warnings& warnings_;
};

}  // namespace muster::runner
