#pragma once
// The metric journal's records (docs/formats.md, "Metric journal"). Pure: bytes in, values out. Never trusts the bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "model/metric.h"

namespace muster::model {

inline constexpr std::size_t kJournalHeaderBytes = 64;
/// No segment is larger, and so no record.
inline constexpr std::size_t kLargestSegmentBytes = 16u << 20;

struct JournalHeader {
  std::uint64_t size = 0;
  std::int32_t rank = -1;
  std::uint32_t pid = 0;
  std::uint64_t first_sequence = 0;
  TimeUs created_at = 0;
};

/// malformed unless the first 64 bytes are a header of version 1.
Result<JournalHeader> read_journal_header(std::string_view bytes);

struct NamedPoint {
  std::string name;
  MetricPoint point;
};

/// Walks the records from `offset` on. Keeps the names it has met, so one walker reads one segment (or one upload) from its start.
class JournalWalker {
 public:
  /// left_out: the record is a point that cannot be kept, as the format defines it. It takes its sequence number.
  enum class Found { point, left_out, end_of_segment, nothing_yet };
  /// `bytes`: all that is mapped or received so far, header included when `offset` starts at 64. The bytes may grow between calls.
  explicit JournalWalker(std::size_t offset = kJournalHeaderBytes) : offset_(offset) {}

  /// The next point, if it is whole. nothing_yet: the next record is not written (or the bytes end there). malformed: the segment is
  /// damaged at offset(), and so is every further answer. `point` is set with Found::point; with Found::left_out its name is, empty when
  /// the record has none, and fault() says what is wrong. The bytes may be a mapping that another process is writing.
  Result<Found> next(std::string_view bytes, NamedPoint& point);
  std::size_t offset() const { return offset_; }
  /// Why the last point was left out.
  const std::string& fault() const { return fault_; }
  /// The caller lets go of the first `bytes` of what it gave, all of them walked: from now on it gives what comes after. For reading in
  /// pieces.
  void dropped(std::size_t bytes) { offset_ -= bytes; }

 private:
  void read_name(std::string_view payload);
  Result<void> read_point(std::uint8_t kind, std::uint8_t flags, std::string_view payload, NamedPoint& point);

  std::size_t offset_;
  std::string fault_;
  std::unordered_map<std::uint32_t, std::string> names_;  ///< by id, which may be any number
};

/// Builds an upload: records of the same form without the header, names before their first use. A walker of it starts at offset 0.
class JournalWriter {
 public:
  /// `name` has 1 to 255 characters and a JSON value at most 1 MiB, as every point that a walker gave.
  void add(std::string_view name, const MetricPoint& point);
  /// In the place of a point that cannot be kept, so that those after it have their own sequence numbers.
  void leave_out();
  const std::string& bytes() const { return bytes_; }
  std::size_t points() const { return points_; }  ///< those left out included
  void clear();

 private:
  std::string bytes_;
  std::size_t points_ = 0;
  std::unordered_map<std::string, std::uint32_t> ids_;
};

}  // namespace muster::model
