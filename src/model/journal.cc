#include "model/journal.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal's numbers are copied as they lie");

constexpr std::string_view kMagic = "MUSTERMJ";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kRecordHead = 8;
constexpr std::size_t kPointHead = 24;  ///< name id, zero, time, step
constexpr std::size_t kNumberPayload = kPointHead + 8;
constexpr int kDeepestJson = 64;
constexpr double kExactInteger = 9007199254740992.0;

enum Kind : std::uint8_t { kName = 1, kNumber = 2, kValue = 3, kEnd = 4, kLeftOut = 5 };
enum Flag : std::uint8_t { kHasStep = 1, kInteger = 2 };

template <typename T>
T read_at(std::string_view bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <typename T>
void append(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

bool is_integer(double value) { return std::abs(value) <= kExactInteger && std::trunc(value) == value; }

void append_record(std::string& bytes, Kind kind, std::uint8_t flags, std::string_view payload) {
  append(bytes, static_cast<std::uint32_t>(payload.size()));
  append(bytes, static_cast<std::uint8_t>(kind));
  append(bytes, flags);
  append(bytes, std::uint16_t{0});
  bytes += payload;
  bytes.append(padded(payload.size()) - payload.size(), '\0');
}

}  // namespace

Result<JournalHeader> read_journal_header(std::string_view bytes) {
  if (bytes.size() < kJournalHeaderBytes || bytes.substr(0, 8) != kMagic)
    return fail(Code::malformed, "this is not a metric journal: its header is missing");
  if (const auto version = read_at<std::uint32_t>(bytes, 8); version != kVersion) {
    return fail_hint(Code::malformed, "use the SDK that came with this runner",
                     "a metric journal of version {}; this program reads version {}", version, kVersion);
  }
  if (read_at<std::uint32_t>(bytes, 12) != kJournalHeaderBytes)
    return fail(Code::malformed, "a metric journal with a header of the wrong size");
  JournalHeader header;
  header.size = read_at<std::uint64_t>(bytes, 16);
  header.rank = read_at<std::int32_t>(bytes, 24);
  header.pid = read_at<std::uint32_t>(bytes, 28);
  header.first_sequence = read_at<std::uint64_t>(bytes, 32);
  header.created_at = read_at<std::int64_t>(bytes, 40);
  return header;
}

Result<JournalWalker::Found> JournalWalker::next(std::string_view bytes, NamedPoint& point) {
  while (bytes.size() >= kRecordHead && offset_ <= bytes.size() - kRecordHead) {
    const auto length = read_at<std::uint32_t>(bytes, offset_);
    if (length == 0) return Found::nothing_yet;
    // The length is stored last by a process that may be writing this very page: nothing of the record may be read before it.
    std::atomic_thread_fence(std::memory_order_acquire);
    if (length > kLargestSegmentBytes) return fail(Code::malformed, "metric journal: a record of {} bytes at byte {}", length, offset_);
    if (bytes.size() - offset_ - kRecordHead < length) return Found::nothing_yet;
    const auto kind = read_at<std::uint8_t>(bytes, offset_ + 4);
    if (kind == kEnd) return Found::end_of_segment;
    const auto flags = read_at<std::uint8_t>(bytes, offset_ + 5);
    const std::string_view payload = bytes.substr(offset_ + kRecordHead, length);
    offset_ += kRecordHead + padded(length);
    if (kind == kName) read_name(payload);
    if (kind != kNumber && kind != kValue && kind != kLeftOut) continue;  // not a point
    const auto read = read_point(kind, flags, payload, point);
    if (read) return Found::point;
    fault_ = read.error().detail;
    return Found::left_out;
  }
  return Found::nothing_yet;
}

void JournalWalker::read_name(std::string_view payload) {
  if (payload.size() < 4) return;
  const auto id = read_at<std::uint32_t>(payload, 0);
  const std::string_view name = payload.substr(4);
  // Of a name that cannot be kept the points cannot be either; they must not go under a name that had this id before.
  names_.erase(id);
  if (!name.empty() && is_utf8(name) && utf8_length(name) <= kLongestMetricName) names_[id] = name;
}

Result<void> JournalWalker::read_point(std::uint8_t kind, std::uint8_t flags, std::string_view payload, NamedPoint& point) {
  point = {};
  if (kind == kLeftOut) return fail(Code::invalid, "its writer left it out");
  const auto name = payload.size() < 4 ? names_.end() : names_.find(read_at<std::uint32_t>(payload, 0));
  if (name == names_.end()) return fail(Code::invalid, "it has no name of 1 to {} characters", kLongestMetricName);
  point.name = name->second;
  if (kind == kNumber ? payload.size() != kNumberPayload : payload.size() <= kPointHead)
    return fail(Code::invalid, "its record has {} bytes, which is not a length of its kind of record", payload.size());
  MetricPoint read;
  read.time = read_at<std::int64_t>(payload, 8);
  if ((flags & kHasStep) != 0) read.step = read_at<std::int64_t>(payload, 16);
  if (kind == kNumber) {
    const auto value = read_at<double>(payload, kPointHead);
    read.value = Number{value, (flags & kInteger) != 0 && is_integer(value)};
  } else {
    const std::string_view text = payload.substr(kPointHead);
    MUSTER_TRY(parse_json(text, {kLongestMetricValue, kDeepestJson}));  // what leaves the walker is stored and shown as it is
    read.value = std::string(text);
  }
  point.point = std::move(read);
  return {};
}

void JournalWriter::add(std::string_view name, const MetricPoint& point) {
  const auto [at, is_new] = ids_.try_emplace(std::string(name), static_cast<std::uint32_t>(ids_.size()));
  std::string payload;
  if (is_new) {
    append(payload, at->second);
    payload += name;
    append_record(bytes_, kName, 0, payload);
    payload.clear();
  }
  const Number* number = std::get_if<Number>(&point.value);
  append(payload, at->second);
  append(payload, std::uint32_t{0});
  append(payload, point.time);
  append(payload, point.step.value_or(0));
  const auto step_flag = static_cast<std::uint8_t>(point.step ? kHasStep : 0);
  if (number != nullptr) {
    append(payload, number->value);
    append_record(bytes_, kNumber, static_cast<std::uint8_t>(step_flag | (number->integer ? kInteger : 0)), payload);
  } else {
    payload += std::get<std::string>(point.value);
    append_record(bytes_, kValue, step_flag, payload);
  }
  ++points_;
}

void JournalWriter::leave_out() {
  append_record(bytes_, kLeftOut, 0, std::string_view("\0\0\0\0", 4));
  ++points_;
}

void JournalWriter::clear() {
  bytes_.clear();
  points_ = 0;
  ids_.clear();
}

}  // namespace muster::model
