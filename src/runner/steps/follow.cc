#include <algorithm>
#include <cctype>
#include <climits>
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
      : run_(run),
        ending_(static_cast<int>(run.plan.ranks.size()), std::chrono::seconds(run.order.grace_seconds)),
        told_(run.plan.ranks.size(), false),
        last_words_(run.plan.ranks.size()) {}

  void run() {
    while (!ending_.all_ended()) {
      wait();
      if (run_.stop.is_asked() && !stop_seen_) see_stop();
      for (const EndedNow& ended : run_.ranks->look(now())) report(ended);
      if (auto failure = run_.ranks->launch_failure(now())) report_launch(std::move(*failure));
      while (carry_out(ending_.next(now()))) {
      }
    }
    run_.was_asked_to_end = ending_.asked();
    // A command's whole session was asked along with its ranks; mpirun and its daemons have no say in a run that ends so.
    if (run_.was_asked_to_end && run_.is_mpi())
      run_.leftovers_until = now();
    else if (run_.was_asked_to_end && !run_.order.command.empty())
      run_.leftovers_until = ending_.kill_at();
  }

 private:
  Ending::Time now() const { return run_.system_clock.steady(); }

  void wait() {
    // A descriptor of -1 is passed over.
    std::vector<pollfd> wanted{{stop_seen_ ? -1 : run_.stop.descriptor(), POLLIN, 0}};
    run_.ranks->add_to(wanted);
    int timeout = -1;
    for (const auto& wake : {ending_.wake_at(), run_.ranks->wake_at()}) {
      if (!wake) continue;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*wake - now()).count();
      const int wait = static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
      timeout = timeout < 0 ? wait : std::min(timeout, wait);
    }
    ::poll(wanted.data(), wanted.size(), timeout);  // interrupted or not: everything is looked at
  }

  void see_stop() {
    stop_seen_ = true;
    const StopRequest request = *run_.stop.asked();
    log::info("runner", "ending the ranks: {} ({})", request.code, request.reason);
    ending_.stop_asked(seconds_of(request.grace_seconds), now());
  }

  void report(const EndedNow& now_ended) {
    told_[now_ended.index] = true;
    ending_.rank_ended();
    if (!now_ended.how) return;  // it never began
    const process::Ended& how = *now_ended.how;
    const RankState& rank = run_.state.ranks[now_ended.index];
    const TimeUs ended_at = now_ended.ended_at != 0 ? run_.clock.to_server(now_ended.ended_at) : run_.clock.now();
    const bool out_of_memory_kill = run_.group->out_of_memory_kills().value_or(0) > out_of_memory_told_;
    EndedRank ended{how, ended_at, ending_.asked(), out_of_memory_kill};
    const bool failed = how.exit_code != 0;
    const std::string tail = failed ? tail_of_log(run_.folder.rank_log(rank.log)) : "";
    if (!last_words_[now_ended.index].empty() && last_words_[now_ended.index] == last_words(tail)) ended.asked_to_end = false;
    model::RankReport report = make_report(rank, run_.order.node_rank, ended, tail);
    if (report.out_of_memory) ++out_of_memory_told_;
    run_.state.reports.push_back(report);
    if (!failed || report.stopped_by_us) return;
    log::info("runner", "rank {} failed: {}", rank.rank, process::to_words(how));
    const bool of_a_peer = report.exception && model::is_communication_error(*report.exception);
    tell_failure(std::move(report), of_a_peer ? Ending::Failure::of_a_peer : Ending::Failure::own);
  }

  /// mpirun's own failure. Its exit code, and its wish to end the run, mostly follow from a rank's failure, which may still be on its way.
  void report_launch(model::RankReport report) {
    const auto is_failure = [](const model::RankReport& one) { return !one.succeeded(); };
    if (std::any_of(run_.state.reports.begin(), run_.state.reports.end(), is_failure)) return;
    run_.state.reports.push_back(report);
    if (report.stopped_by_us) return;
    log::info("runner", "mpirun failed: {}", model::to_run_error(report, 1).message);
    const auto kind = report.signal.empty() ? Ending::Failure::of_a_peer : Ending::Failure::own;
    tell_failure(std::move(report), kind);
  }

  void tell_failure(model::RankReport report, Ending::Failure kind) {
    ending_.rank_failed(kind, now());
    const std::string what =
        report.rank == model::kLauncherRank ? "the failure of mpirun" : fmt::format("the failure of rank {}", report.rank);
    run_.messenger->post(what, [server = run_.server.get(), report = std::move(report)] { return server->rank_failed(report); });
  }

  bool carry_out(Ending::Action action) {
    switch (action) {
      case Ending::Action::none: return false;
      case Ending::Action::terminate:
        note_last_words();
        run_.ranks->terminate();
        break;
      case Ending::Action::kill:
        log::info("runner", "the grace period is over: killing what is left");
        kill();
        break;
      case Ending::Action::abandon: abandon(); break;
    }
    return true;
  }

  /// A rank whose log ends with an exception of its own has failed by itself, however long it takes over its end: it may have been what its
  /// peers lost their connections to.
  void note_last_words() {
    for (std::size_t i = 0; i < told_.size(); ++i) {
      if (!told_[i]) last_words_[i] = last_words(tail_of_log(run_.folder.rank_log(run_.state.ranks[i].log)));
    }
  }
  static std::string last_words(std::string_view tail) {
    const auto exception = model::find_exception(tail);
    if (!exception || model::is_communication_error(*exception)) return "";
    // What a message of several lines ends with may as well have been printed after the exception was caught.
    if (exception->message.find('\n') != std::string::npos) return "";
    while (!tail.empty() && std::isspace(static_cast<unsigned char>(tail.back()))) tail.remove_suffix(1);
    const std::string words = exception->type + ": " + exception->message;
    return tail.ends_with(words) ? words : "";
  }

  void kill() {
    // Not waited for: a process that is held in the kernel must not delay reading how the others ended.
    run_.ranks->kill();
    run_.group->signal_all(SIGKILL);
  }

  void abandon() {
    for (std::size_t i = 0; i < told_.size(); ++i) {
      if (told_[i]) continue;
      const RankState& rank = run_.state.ranks[i];
      run_.warnings.add(
          fmt::format("rank {} (process {}) did not end after SIGKILL: it waits inside the kernel; check the node's devices and disks",
                      rank.rank, rank.pid));
      run_.state.reports.push_back(make_report(rank, run_.order.node_rank, {{std::nullopt, SIGKILL}, run_.clock.now(), true, false}, ""));
    }
  }

  NodeRun& run_;
  Ending ending_;
  std::vector<bool> told_;
  std::vector<std::string> last_words_;  ///< of those that had not ended when they were asked to; "": no exception of their own
  bool stop_seen_ = false;
  std::int64_t out_of_memory_told_ = 0;  ///< the kernel's kills that a rank's end was put down to
};

}  // namespace

Result<void> follow(NodeRun& run) {
  if (run.ranks) Follower(run).run();
  return {};
}

}  // namespace muster::runner::steps
