#pragma once
// Reads one process's metric journal (docs/formats.md) while the process writes it.

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "model/journal.h"

namespace muster::runner {

/// Turns a stamp of this node into one of the server's clock.
using ServerTime = std::function<TimeUs(TimeUs)>;

/// pread(2), or what a test has in its place.
using ReadAtCall = std::function<ssize_t(int fd, void* buffer, std::size_t size, off_t offset)>;

/// Points ready to be sent.
struct PointBatch {
  std::uint64_t sequence = 0;  ///< of the first
  std::size_t points = 0;
  std::optional<int> rank;
  std::string records;  ///< at most about 4 MiB
};

/// Goes from segment to segment. Trusts neither the process nor the files: they may be cut, damaged or removed at any time. Not
/// thread-safe.
class JournalReader {
 public:
  JournalReader(std::filesystem::path folder, std::string key);
  JournalReader(std::filesystem::path folder, std::string key, ReadAtCall read);

  const std::string& key() const { return key_; }
  /// The points that are there and not yet taken; the same batch again until take() moves on. 0 points: nothing new. malformed, once for
  /// each fault, names what is left out: a damaged segment's rest, or a metric's points that cannot be kept (once a metric). unavailable:
  /// it cannot be opened now (no descriptors, no memory); read() may be tried again. A fault of the disk is damage only when it stays.
  Result<PointBatch> read(const ServerTime& to_server);
  /// The server has all points before `next_sequence`.
  void take(std::uint64_t next_sequence);

 private:
  std::filesystem::path segment_path(int segment) const;
  Result<bool> open_segment();
  Result<void> read_window(const ServerTime& to_server);
  Result<std::string> read_at(std::uint64_t offset, std::size_t size) const;
  void note_left_out(const std::string& name, std::uint64_t sequence);
  void next_segment();

  std::filesystem::path folder_;
  std::string key_;
  ReadAtCall read_;
  int segment_ = 0;
  Fd file_;
  std::uint64_t position_ = 0;  ///< in the segment: where the window begins
  model::JournalWalker walker_{0};
  bool damaged_ = false;  ///< the rest of this segment is left out, whether it could be opened or not
  std::optional<int> rank_;
  std::uint64_t sequence_ = 0;  ///< of the next point read
  std::uint64_t skip_to_ = 0;   ///< points before this one are with the server already
  PointBatch batch_;
  std::set<std::string> left_out_;  ///< metrics with points that cannot be kept
  std::deque<std::string> faults_;  ///< not told yet
};

}  // namespace muster::runner
