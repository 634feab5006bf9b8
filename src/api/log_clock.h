#pragma once
// When the bytes of a log were written, from the log store's sparse marks.

#include <vector>

#include "store/log_store.h"

namespace muster::api {

/// Asked with offsets that go up. Reads the marks anew only when it comes past what the log held when they were read. Not thread-safe;
/// blocks on the disk.
class LogClock {
 public:
  LogClock(const store::LogStore& logs, store::LogId id) : logs_(&logs), id_(std::move(id)) {}
  /// The time of the last mark at or before the offset; 0 when there is none.
  TimeUs at(std::uint64_t offset);

 private:
  void read_marks(std::uint64_t offset);
  const store::LogStore* logs_;
  store::LogId id_;
  std::vector<store::LogMark> marks_;
  std::size_t next_ = 0;       ///< the first mark after the offset last asked for
  std::uint64_t covered_ = 0;  ///< the marks tell of all bytes before this offset
};

}  // namespace muster::api
