#pragma once
// Ranks that mpirun starts, each under muster-rank: known by the records they leave, held by pidfd.

#include "base/fd.h"
#include "runner/node_ranks.h"
#include "runner/rank_records.h"
#include "runner/server_clock.h"

namespace muster::runner {

class MpiRanks final : public NodeRanks {
 public:
  enum class Terminate { process, session };  ///< as ChildRanks::Terminate
  struct Node {
    int node_rank = 0;
    std::filesystem::path records;  ///< RunFolder::ranks()
    Terminate terminate = Terminate::process;
  };
  /// `state` has this node's ranks in front, whose pid and start are filled in as they begin. `mpirun`: node 0's, null on other nodes. All
  /// must outlive it.
  MpiRanks(Node node, std::size_t ranks, RunnerState& state, process::Child* mpirun, const ServerClock& clock);

  void add_to(std::vector<pollfd>& wanted) const override;
  std::optional<Ending::Time> wake_at() const override { return wake_at_; }
  std::vector<EndedNow> look(Ending::Time now) override;
  std::optional<model::RankReport> launch_failure(Ending::Time now) override;
  void terminate() override;
  void kill() override;

 private:
  struct Rank {
    Fd process;  ///< from its start on
    std::optional<process::Ended> how;
    TimeUs ended_at = 0;
    std::optional<Ending::Time> gone_since;  ///< its process is gone, and its record still to come
    bool reported = false;
  };
  std::string mpirun_tail() const;
  void take(const RankNews& news);
  void look_at_process(Rank& rank, Ending::Time now);

  Node node_;
  std::vector<Rank> ranks_;
  RunnerState& state_;
  process::Child* mpirun_;
  const ServerClock& clock_;
  RankRecords records_;
  int first_rank_;
  std::optional<Ending::Time> wake_at_;
  std::optional<Ending::Time> aborted_since_;  ///< mpirun wants the ranks' end
  bool mpirun_over_ = false;
  bool failure_told_ = false;
  bool asked_ = false;
  bool killed_ = false;
};

}  // namespace muster::runner
