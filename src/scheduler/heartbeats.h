#pragma once
// When the runners of runs that have not ended were last heard from. Pure; times only come from the caller.

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace muster::scheduler {

class Heartbeats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void heard(const std::string& run_id, int node_rank, Time now) { last_[{run_id, node_rank}] = now; }
  /// For how long the node has said nothing. Who was never heard from is taken to have spoken now.
  Time::duration silence(const std::string& run_id, int node_rank, Time now) {
    return now - last_.try_emplace({run_id, node_rank}, now).first->second;
  }
  /// Nobody was listened to for a while.
  void all_heard(Time now) {
    for (auto& [node, at] : last_) at = now;
  }
  /// Forgets those of other runs: one that was on its way when its run ended would be remembered for ever.
  void keep_only(const std::function<bool(const std::string& run_id)>& is_wanted) {
    std::erase_if(last_, [&](const auto& one) { return !is_wanted(one.first.first); });
  }
  std::size_t size() const { return last_.size(); }

 private:
  std::map<std::pair<std::string, int>, Time> last_;
};

}  // namespace muster::scheduler
