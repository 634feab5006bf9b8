#include "engine/slurm/watch.h"

namespace muster::engine::slurm {
namespace {

class Look {
 public:
  Look(Watched& watched, const Job* job, SteadyTime now) : watched_(watched), job_(job), now_(now) {}

  std::vector<Telling> tell() {
    if (watched_.has_ended()) return {};
    if (job_ == nullptr) {
      all_gone({GoneKind::killed, watched_.is_killed ? "killed" : "Slurm does not remember its job, or how it ended", "", true});
      return std::move(tellings_);
    }
    watched_.is_leaving = job_->state == "COMPLETING";
    switch (phase_of(*job_)) {
      case Phase::held:
      case Phase::waiting: wait(); break;
      case Phase::coming: come(); break;
      case Phase::running: be_there(); break;
      case Phase::ended: end(); break;
    }
    return std::move(tellings_);
  }

 private:
  bool collects() const { return !watched_.host.empty(); }

  void wait() {
    if (!watched_.hosts.empty()) {
      tellings_.emplace_back(EndJob{});
      return all_gone({GoneKind::preempted, fmt::format("Slurm: job {} was put back into the queue", job_->id), "", true});
    }
    if (phase_of(*job_) == Phase::held && watched_.may_be_held && !watched_.is_killed) tellings_.emplace_back(ReleaseJob{});
    watched_.may_be_held = false;
    const std::string words = waiting_words(*job_);
    if (collects()) return wait_to_collect(words);
    watched_.is_coming = false;
    if (words == watched_.waiting_for) return;
    watched_.waiting_for = words;
    tellings_.emplace_back(Waits{words});
  }

  void wait_to_collect(const std::string& words) {
    watched_.waiting_for = words;
    if (now_ - watched_.since < kCollectingPatience) return;
    tellings_.emplace_back(EndJob{});
    const std::string why = fmt::format("Slurm gave its node to nobody of us for {} minutes", kCollectingPatience.count());
    all_gone({GoneKind::killed, why, "", false});
  }

  void come() {
    if (watched_.is_coming || collects()) return;
    watched_.is_coming = true;
    watched_.waiting_for.clear();
    tellings_.emplace_back(Comes{});
  }

  void be_there() {
    if (job_->nodes.empty()) return;
    if (watched_.hosts.empty()) {
      const auto hosts = expand_hostlist(job_->nodes);
      // A list that cannot be read names the nodes all the same.
      watched_.hosts = hosts ? *hosts : std::vector<std::string>{};
      watched_.hosts.resize(watched_.keys.size(), job_->nodes);
      watched_.is_coming = false;
      std::vector<Node> nodes;
      for (std::size_t i = 0; i < watched_.keys.size(); ++i) nodes.push_back({watched_.keys[i], watched_.hosts[i]});
      tellings_.emplace_back(IsThere{nodes});
    }
    // While a job is being ended, its runners end for the reason that its end will name.
    if (phase_of(*job_) == Phase::running && job_->state != "COMPLETING") take_ends();
  }

  void end() {
    be_there();
    Gone how = gone_with(*job_);
    if (how.kind == GoneKind::exited || how.kind == GoneKind::killed) take_ends();
    if (watched_.is_killed) how = {GoneKind::killed, "killed", "", true};
    all_gone(how);
  }

  /// What the job itself tells of its runners.
  void take_ends() {
    for (const std::string& key : watched_.keys) {
      const auto end = job_->ended.find(key);
      if (end != job_->ended.end()) one_gone(key, gone_by(*job_, end->second));
    }
  }

  void one_gone(const std::string& key, const Gone& how) {
    if (watched_.gone.insert(key).second) tellings_.emplace_back(IsGone{key, how});
  }

  void all_gone(const Gone& how) {
    watched_.was_preempted = how.kind == GoneKind::preempted;
    if (watched_.hosts.empty() && !collects()) {
      watched_.gone.insert(watched_.keys.begin(), watched_.keys.end());
      tellings_.emplace_back(IsGone{"", how});
      return;
    }
    for (const std::string& key : watched_.keys) one_gone(key, how);
  }

  Watched& watched_;
  const Job* job_;
  const SteadyTime now_;
  std::vector<Telling> tellings_;
};

}  // namespace

std::vector<Telling> look(Watched& watched, const Job* job, SteadyTime now) { return Look(watched, job, now).tell(); }

}  // namespace muster::engine::slurm
