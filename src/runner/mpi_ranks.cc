#include "runner/mpi_ranks.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "base/log.h"
#include "launch/mpi.h"
#include "runner/rank_reports.h"

namespace muster::runner {
namespace {

/// Between a rank's end and the record of it lie two system calls of muster-rank's; one that has not come by then was killed with its rank.
constexpr std::chrono::seconds kRecordTime{1};
/// What mpirun's wish to end the run is left, before it counts: for a rank's or mpirun's own end to become known, which says more; and
/// since with very many ranks Open MPI at times aborts a run whose ranks are just ending well.
constexpr std::chrono::milliseconds kLastWords{500};
/// How often to look where nothing tells of new records.
constexpr std::chrono::milliseconds kBlindPoll{50};

bool is_gone(const Fd& process) {
  pollfd one{process.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

MpiRanks::MpiRanks(Node node, std::size_t ranks, RunnerState& state, process::Child* mpirun, const ServerClock& clock)
    : node_(std::move(node)),
      ranks_(ranks),
      state_(state),
      mpirun_(mpirun),
      clock_(clock),
      records_(node_.records),
      first_rank_(state.ranks.front().rank) {}

void MpiRanks::add_to(std::vector<pollfd>& wanted) const {
  wanted.push_back({records_.descriptor(), POLLIN, 0});
  if (mpirun_ != nullptr) wanted.push_back({mpirun_over_ ? -1 : mpirun_->pidfd(), POLLIN, 0});
  for (const Rank& rank : ranks_)
    wanted.push_back({rank.reported || rank.gone_since || !rank.process ? -1 : rank.process.get(), POLLIN, 0});
}

std::string MpiRanks::mpirun_tail() const { return tail_of_log(node_.records / std::filesystem::path(launch::kMpirunLog).filename()); }

void MpiRanks::take(const RankNews& news) {
  const int index = news.record.rank - first_rank_;
  if (index < 0 || index >= static_cast<int>(ranks_.size())) return;
  Rank& rank = ranks_[static_cast<std::size_t>(index)];
  switch (news.what) {
    case RankNews::What::started: {
      if (rank.process) return;
      RankState& state = state_.ranks[static_cast<std::size_t>(index)];
      state.pid = news.record.pid;
      state.started_at = clock_.to_server(news.record.started_at);
      rank.process = Fd(static_cast<int>(::syscall(SYS_pidfd_open, news.record.pid, 0)));
      // Ended and reaped already: its record comes, or has come.
      if (!rank.process) rank.gone_since = Ending::Time::clock::now();
      return;
    }
    case RankNews::What::ended:
      rank.how = how_ended(news.record);
      rank.ended_at = news.record.ended_at;
      return;
    case RankNews::What::aborted:
      if (!aborted_since_) aborted_since_ = Ending::Time::clock::now();
      return;
  }
}

void MpiRanks::look_at_process(Rank& rank, Ending::Time now) {
  if (rank.how || rank.reported) return;
  if (!rank.gone_since && rank.process && is_gone(rank.process)) rank.gone_since = now;
  if (!rank.gone_since) return;
  const Ending::Time until = *rank.gone_since + kRecordTime;
  if (killed_ || now >= until)
    rank.how = process::Ended{std::nullopt, SIGKILL};  // with the one that would have recorded it
  else
    wake_at_ = wake_at_ ? std::min(*wake_at_, until) : until;
}

std::vector<EndedNow> MpiRanks::look(Ending::Time now) {
  wake_at_.reset();
  if (records_.descriptor() < 0) wake_at_ = now + kBlindPoll;
  for (const RankNews& news : records_.news()) take(news);
  std::vector<EndedNow> ended;
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    Rank& rank = ranks_[i];
    look_at_process(rank, now);
    const bool never_began = asked_ && state_.ranks[i].pid == 0;
    if (rank.reported || (!rank.how && !never_began)) continue;
    rank.reported = true;
    ended.push_back({i, rank.how, rank.ended_at});
  }
  return ended;
}

std::optional<model::RankReport> MpiRanks::launch_failure(Ending::Time now) {
  const auto ended = mpirun_ != nullptr ? mpirun_->poll() : std::nullopt;
  if (ended) mpirun_over_ = true;
  if (failure_told_) return std::nullopt;
  model::RankReport report;
  if (ended) {
    if (ended->exit_code == 0) return std::nullopt;
    report = report_of_mpirun(node_.node_rank, *ended, clock_.now(), mpirun_tail());
  } else if (aborted_since_ && now < *aborted_since_ + kLastWords) {
    const Ending::Time until = *aborted_since_ + kLastWords;
    wake_at_ = wake_at_ ? std::min(*wake_at_, until) : until;
    return std::nullopt;
  } else if (aborted_since_) {
    report = report_of_mpirun(node_.node_rank, {}, clock_.now(), mpirun_tail());
    report.exception = model::PrintedException{
        "MpirunAborted",
        "mpirun ended the run, as it does when a rank exits with 0 without MPI_Finalize, calls MPI_Abort, or cannot be reached", ""};
  } else {
    return std::nullopt;
  }
  failure_told_ = true;
  report.stopped_by_us = asked_;
  return report;
}

void MpiRanks::kill() {
  for (const RankNews& news : records_.news()) take(news);
  for (const Rank& rank : ranks_) {
    if (!rank.reported && !rank.how && rank.process) ::syscall(SYS_pidfd_send_signal, rank.process.get(), SIGKILL, nullptr, 0);
  }
  killed_ = true;
  wake_at_ = Ending::Time();  // at once
}

void MpiRanks::terminate() {
  asked_ = true;
  wake_at_ = Ending::Time();  // at once: those that have not begun are over by that alone
  if (const auto closed = records_.close(); !closed) log::warning("runner", "{}", closed.error().detail);
  for (const RankNews& news : records_.news()) take(news);
  for (std::size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (rank.reported || rank.how || !rank.process) continue;
    if (node_.terminate == Terminate::session)
      ::kill(-static_cast<pid_t>(state_.ranks[i].pid), SIGTERM);
    else
      ::syscall(SYS_pidfd_send_signal, rank.process.get(), SIGTERM, nullptr, 0);
  }
}

}  // namespace muster::runner
