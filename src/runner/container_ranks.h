#pragma once
// Ranks in containers: each has a child of ours that stands for its container, and under muster-rank leaves records inside.

#include <functional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "runner/node_ranks.h"
#include "runner/rank_records.h"
#include "runner/server_clock.h"
#include "runner/warnings.h"

namespace muster::runner {

class ContainerRanks final : public NodeRanks {
 public:
  enum class Terminate { process, session };  ///< as ChildRanks::Terminate
  /// Called with a rank's index once its own process is there.
  using Begun = std::function<void(std::size_t)>;
  /// `clients`, one a rank, are podman's or docker's. `state` has this node's ranks in front, whose pid and start are filled in as they
  /// begin. What is referred to must outlive it.
  ContainerRanks(std::vector<process::Child> clients, const std::filesystem::path& records, RunnerState& state, Terminate terminate,
                 const ServerClock& clock, Warnings& warnings, Begun begun);

  void add_to(std::vector<pollfd>& wanted) const override;
  std::optional<Ending::Time> wake_at() const override { return wake_at_; }
  std::vector<EndedNow> look(Ending::Time now) override;
  void terminate() override;
  void kill() override;

 private:
  struct Rank {
    Fd process;  ///< from its start on
    std::optional<process::Ended> how;
    TimeUs ended_at = 0;
    bool reported = false;
  };
  void take_news();

  std::vector<process::Child> clients_;
  std::vector<Rank> ranks_;
  RunnerState& state_;
  const Terminate terminate_;
  const ServerClock& clock_;
  Warnings& warnings_;
  const Begun begun_;
  RankRecords records_;
  std::optional<Ending::Time> wake_at_;
};

}  // namespace muster::runner
