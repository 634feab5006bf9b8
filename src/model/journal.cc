#include "model/journal.h"

#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.h"

namespace muster::model {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal's numbers are copied as they lie");

constexpr std::string_view kMagic = "MUSTERMJ";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kRecordHead = 8;
constexpr std::size_t kPointHead = 24;  ///< name id, zero, time, step
constexpr std::size_t kNumberPayload = kPointHead + 8;
constexpr std::size_t kLongestName = 255;       ///< characters
constexpr std::size_t kLongestJson = 1u << 20;  ///< bytes
constexpr double kExactInteger = 9007199254740992.0;

enum Kind : std::uint8_t { kName = 1, kNumber = 2, kValue = 3, kEnd = 4 };
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

std::size_t longest_payload(std::uint8_t kind) {
  switch (kind) {
    case kName: return 4 + 4 * kLongestName;
    case kNumber: return kNumberPayload;
    case kValue: return kPointHead + kLongestJson;
    default: return 4;
  }
}

bool is_integer(double value) { return std::abs(value) <= kExactInteger && std::trunc(value) == value; }

/// A kind 3 payload's JSON, checked: what leaves the walker is stored and shown as it is.
Result<std::string> checked_json(std::string_view text) {
  MUSTER_TRY(parse_json(text, {kLongestJson, 64}));
  return std::string(text);
}

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
    return fail(Code::malformed, "not a metric journal: its header is missing");
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
    const auto kind = read_at<std::uint8_t>(bytes, offset_ + 4);
    if (kind < kName || kind > kEnd) return fail(Code::malformed, "metric journal: a record of unknown kind {} at byte {}", kind, offset_);
    if (length > longest_payload(kind)) return fail(Code::malformed, "metric journal: a record of {} bytes at byte {}", length, offset_);
    if (bytes.size() - offset_ - kRecordHead < length) return Found::nothing_yet;
    if (kind == kEnd) return Found::end_of_segment;
    const auto flags = read_at<std::uint8_t>(bytes, offset_ + 5);
    const std::string_view payload = bytes.substr(offset_ + kRecordHead, length);
    if (kind == kName) {
      MUSTER_TRY(read_name(payload));
    } else {
      MUSTER_TRY(read_point(kind, flags, payload, point));
    }
    offset_ += kRecordHead + padded(length);
    if (kind != kName) return Found::point;
  }
  return Found::nothing_yet;
}

Result<void> JournalWalker::read_name(std::string_view payload) {
  if (payload.size() < 5) return fail(Code::malformed, "metric journal: an empty name at byte {}", offset_);
  const std::string_view name = payload.substr(4);
  if (!is_utf8(name) || utf8_length(name) > kLongestName)
    return fail(Code::malformed, "metric journal: a name that is not 1 to {} characters at byte {}", kLongestName, offset_);
  names_[read_at<std::uint32_t>(payload, 0)] = name;
  return {};
}

Result<void> JournalWalker::read_point(std::uint8_t kind, std::uint8_t flags, std::string_view payload, NamedPoint& point) {
  if (kind == kNumber ? payload.size() != kNumberPayload : payload.size() <= kPointHead) {
    return fail(Code::malformed, "metric journal: a point of {} bytes at byte {}", payload.size(), offset_);
  }
  const auto name = names_.find(read_at<std::uint32_t>(payload, 0));
  if (name == names_.end()) return fail(Code::malformed, "metric journal: a point without a name at byte {}", offset_);
  NamedPoint read;
  read.name = name->second;
  read.point.time = read_at<std::int64_t>(payload, 8);
  if ((flags & kHasStep) != 0) read.point.step = read_at<std::int64_t>(payload, 16);
  if (kind == kNumber) {
    const auto value = read_at<double>(payload, kPointHead);
    read.point.value = Number{value, (flags & kInteger) != 0 && is_integer(value)};
  } else {
    auto json = checked_json(payload.substr(kPointHead));
    if (!json) return fail(Code::malformed, "metric journal: a value at byte {} is {}", offset_, json.error().detail);
    read.point.value = *std::move(json);
  }
  point = std::move(read);
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

void JournalWriter::clear() {
  bytes_.clear();
  points_ = 0;
  ids_.clear();
}

}  // namespace muster::model
