#include "runner/container_ranks.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "runner/rank_reports.h"

namespace muster::runner {
namespace {

/// How often to look where nothing tells of new records.
constexpr std::chrono::milliseconds kContainerPoll{50};

}  // namespace

ContainerRanks::ContainerRanks(std::vector<process::Child> clients, const std::filesystem::path& records, RunnerState& state,
                               Terminate terminate, const ServerClock& clock, Warnings& warnings, Begun begun)
    : clients_(std::move(clients)),
      ranks_(clients_.size()),
      state_(state),
      terminate_(terminate),
      clock_(clock),
      warnings_(warnings),
      begun_(std::move(begun)),
      records_(records) {}

void ContainerRanks::add_to(std::vector<pollfd>& wanted) const {
  wanted.push_back({records_.descriptor(), POLLIN, 0});
  for (std::size_t i = 0; i < clients_.size(); ++i) wanted.push_back({ranks_[i].reported ? -1 : clients_[i].pidfd(), POLLIN, 0});
}

void ContainerRanks::take_news() {
  for (const RankNews& news : records_.news()) {
    const int index = news.record.rank - state_.ranks.front().rank;
    if (index < 0 || index >= static_cast<int>(ranks_.size())) continue;
    const auto at = static_cast<std::size_t>(index);
    if (news.what == RankNews::What::started && state_.ranks[at].pid != news.record.pid) {
      state_.ranks[at].pid = news.record.pid;
      state_.ranks[at].started_at = clock_.to_server(news.record.started_at);
      ranks_[at].process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, news.record.pid, 0)));
      begun_(at);
    } else if (news.what == RankNews::What::ended) {
      ranks_[at].how = how_ended(news.record);
      ranks_[at].ended_at = news.record.ended_at;
    }
  }
}

std::vector<EndedNow> ContainerRanks::look(Ending::Time now) {
  wake_at_.reset();
  if (records_.descriptor() < 0) wake_at_ = now + kContainerPoll;
  // The container's end comes after the record of its rank's; without one, its own is all that is known.
  std::vector<std::optional<process::Ended>> gone;
  for (process::Child& client : clients_) gone.push_back(client.poll());
  take_news();
  std::vector<EndedNow> ended;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = ranks_[i];
    if (rank.reported) continue;
    const auto how = rank.how ? rank.how : gone[i];
    if (!how) continue;
    rank.reported = true;
    ended.push_back({i, how, rank.ended_at});
  }
  return ended;
}

void ContainerRanks::terminate() {
  // Those that have not begun will not.
  if (const auto closed = records_.close(); !closed) warnings_.add(closed.error());
  take_news();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (rank.reported || rank.how) continue;
    if (!rank.process) {
      if (const auto sent = clients_[i].signal(SIGTERM); !sent) warnings_.add(sent.error());
    } else if (terminate_ == Terminate::session) {
      ::kill(-static_cast<pid_t>(state_.ranks[i].pid), SIGTERM);
    } else {
      ::syscall(SYS_pidfd_send_signal, rank.process.get(), SIGTERM, nullptr, 0);
    }
  }
}

void ContainerRanks::kill() {
  take_news();
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (rank.reported) continue;
    if (!rank.how && rank.process) ::syscall(SYS_pidfd_send_signal, rank.process.get(), SIGKILL, nullptr, 0);
    if (rank.process) continue;
    if (const auto sent = clients_[i].signal(SIGKILL); !sent) warnings_.add(sent.error());
  }
}

}  // namespace muster::runner
