#include "runner/child_ranks.h"

#include <csignal>

namespace muster::runner {

ChildRanks::ChildRanks(std::vector<process::Child> children, Terminate terminate, Warnings& warnings)
    : children_(std::move(children)), told_(children_.size(), false), terminate_(terminate), warnings_(warnings) {}

void ChildRanks::add_to(std::vector<pollfd>& wanted) const {
  // A descriptor of -1 is passed over.
  for (std::size_t i = 0; i < children_.size(); ++i) wanted.push_back({told_[i] ? -1 : children_[i].pidfd(), POLLIN, 0});
}

std::vector<EndedNow> ChildRanks::look(Ending::Time) {
  std::vector<EndedNow> ended;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (told_[i]) continue;
    const auto how = children_[i].poll();
    if (!how) continue;
    told_[i] = true;
    ended.push_back({i, *how, 0});
  }
  return ended;
}

void ChildRanks::terminate() {
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (told_[i]) continue;
    if (terminate_ == Terminate::session)
      ::kill(-children_[i].pid(), SIGTERM);
    else if (const auto sent = children_[i].signal(SIGTERM); !sent)
      warnings_.add(sent.error());
  }
}

void ChildRanks::kill() {
  for (std::size_t i = 0; i < children_.size(); ++i) {
    if (told_[i]) continue;
    ::kill(-children_[i].pid(), SIGKILL);  // its session's first process group; not reaped, so the number is still its own
    if (const auto sent = children_[i].signal(SIGKILL); !sent) warnings_.add(sent.error());
  }
}

}  // namespace muster::runner
