#include "api/log_clock.h"

namespace muster::api {

void LogClock::read_marks(std::uint64_t offset) {
  // The size first: marks for all that was there then are found below.
  const auto size = logs_->size(id_);
  auto marks = logs_->marks(id_, offset);
  if (!size || !marks) return;  // what is known stays good; a log without marks has time 0
  marks_ = std::move(*marks);
  next_ = 0;
  covered_ = *size;
}

TimeUs LogClock::at(std::uint64_t offset) {
  if (offset >= covered_) read_marks(offset);
  while (next_ < marks_.size() && marks_[next_].offset <= offset) ++next_;
  return next_ == 0 ? 0 : marks_[next_ - 1].time;
}

}  // namespace muster::api
