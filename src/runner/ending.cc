#include "runner/ending.h"

#include <algorithm>

namespace muster::runner {

void Ending::rank_failed(Failure failure, Time now) {
  const Time at = failure == Failure::own ? now : now + kCauseWindow;
  ask_at_ = ask_at_ ? std::min(*ask_at_, at) : at;
}

void Ending::stop_asked(std::optional<std::chrono::seconds> grace, Time now) {
  if (grace) grace_ = *grace;
  ask_at_ = ask_at_ ? std::min(*ask_at_, now) : now;
}

Ending::Action Ending::next(Time now) {
  if (!asked_ && ask_at_ && now >= *ask_at_) {
    asked_ = true;
    kill_at_ = now + grace_;
    return all_ended() ? Action::none : Action::terminate;
  }
  if (all_ended()) return Action::none;
  if (!killed_ && kill_at_ && now >= *kill_at_) {
    killed_ = true;
    abandon_at_ = now + kUnkillable;
    return Action::kill;
  }
  if (abandon_at_ && now >= *abandon_at_) {
    left_ = 0;
    return Action::abandon;
  }
  return Action::none;
}

std::optional<Ending::Time> Ending::wake_at() const {
  if (!asked_) return ask_at_;
  if (!killed_) return kill_at_;
  return abandon_at_;
}

}  // namespace muster::runner
