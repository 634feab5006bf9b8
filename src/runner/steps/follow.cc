#include <poll.h>

#include <cerrno>
#include <csignal>

#include "runner/rank_reports.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

using namespace std::chrono_literals;

std::optional<std::chrono::seconds> seconds_of(const std::optional<std::int64_t>& value) {
  return value ? std::optional(std::chrono::seconds(*value)) : std::nullopt;
}

/// Waits for the ranks of one node, and carries out what Ending decides.
class Follower {
 public:
  explicit Follower(NodeRun& run)
      : run_(run), ending_(static_cast<int>(run.children.size()), std::chrono::seconds(run.order.grace_seconds)), reported_(run.children.size(), false) {}

  void run() {
    while (!ending_.all_ended()) {
      wait();
      if (run_.stop.is_asked() && !stop_seen_) see_stop();
      for (std::size_t i = 0; i < run_.children.size(); ++i) {
        if (reported_[i]) continue;
        if (const auto ended = run_.children[i].poll()) report(i, *ended);
      }
      while (carry_out(ending_.next(now()))) {
      }
    }
    if (all_were_asked_) run_.leftovers_until = ending_.kill_at();
  }

 private:
  Ending::Time now() const { return run_.system_clock.steady(); }

  void wait() {
    // A descriptor of -1 is passed over: the stop, once seen, and ranks that have ended.
    std::vector<pollfd> wanted{{stop_seen_ ? -1 : run_.stop.descriptor(), POLLIN, 0}};
    for (std::size_t i = 0; i < run_.children.size(); ++i) wanted.push_back({reported_[i] ? -1 : run_.children[i].pidfd(), POLLIN, 0});
    int timeout = -1;
    if (const auto wake = ending_.wake_at()) {
      timeout = static_cast<int>(std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(*wake - now()).count()));
    }
    ::poll(wanted.data(), wanted.size(), timeout);  // interrupted or not: everything is looked at
  }

  void see_stop() {
    stop_seen_ = true;
    const StopRequest request = *run_.stop.asked();
    log::info("runner", "ending the ranks: {} ({})", request.code, request.reason);
    ending_.stop_asked(seconds_of(request.grace_seconds), now());
  }

  void report(std::size_t index, const process::Ended& how) {
    reported_[index] = true;
    ending_.rank_ended();
    const RankState& rank = run_.state.ranks[index];
    const EndedRank ended{how, run_.clock.now(), ending_.asked(), run_.group->out_of_memory_kills().value_or(0) > 0};
    const bool failed = how.exit_code != 0;
    model::RankReport report = make_report(rank, run_.order.node_rank, ended, failed ? read_tail(run_.folder.rank_log(rank.log)) : "");
    run_.state.reports.push_back(report);
    if (!failed || report.stopped_by_us) return;
    log::info("runner", "rank {} failed: {}", rank.rank, process::to_words(how));
    const bool of_a_peer = report.exception && model::is_communication_error(*report.exception);
    ending_.rank_failed(of_a_peer ? Ending::Failure::of_a_peer : Ending::Failure::own, now());
    run_.messenger->post(fmt::format("the failure of rank {}", rank.rank),
                         [server = run_.server.get(), report = std::move(report)] { return server->rank_failed(report); });
  }

  bool carry_out(Ending::Action action) {
    switch (action) {
      case Ending::Action::none: return false;
      case Ending::Action::terminate: terminate(); break;
      case Ending::Action::kill:
        log::info("runner", "the grace period is over: killing what is left");
        kill();
        break;
      case Ending::Action::give_up: give_up(); break;
    }
    return true;
  }

  /// A script's process alone is asked: what it has started (workers of a DataLoader) is its to end. A command's whole process group is: its shell passes
  /// nothing on.
  void terminate() {
    all_were_asked_ = !run_.order.command.empty();
    for (std::size_t i = 0; i < run_.children.size(); ++i) {
      if (reported_[i]) continue;
      if (all_were_asked_) ::kill(-run_.children[i].pid(), SIGTERM);
      else if (const auto sent = run_.children[i].signal(SIGTERM); !sent) run_.warnings.add(sent.error().detail);
    }
  }

  void kill() {
    // Not waited for: whoever is in the kernel must not keep us from reading the others' ends.
    run_.group->signal_all(SIGKILL);
    for (std::size_t i = 0; i < run_.children.size(); ++i) {
      if (!reported_[i]) (void)run_.children[i].signal(SIGKILL);
    }
  }

  void give_up() {
    for (std::size_t i = 0; i < run_.children.size(); ++i) {
      if (reported_[i]) continue;
      const RankState& rank = run_.state.ranks[i];
      run_.warnings.add(fmt::format("rank {} (process {}) did not end after SIGKILL: it is held in the kernel, and the node needs a look", rank.rank, rank.pid));
      run_.state.reports.push_back(make_report(rank, run_.order.node_rank, {{std::nullopt, SIGKILL}, run_.clock.now(), true, false}, ""));
    }
  }

  NodeRun& run_;
  Ending ending_;
  std::vector<bool> reported_;
  bool stop_seen_ = false;
  bool all_were_asked_ = false;
};

}  // namespace

Result<void> follow(NodeRun& run) {
  if (!run.children.empty()) Follower(run).run();
  return {};
}

}  // namespace muster::runner::steps
