#include "runner/journal_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/folder_list.h"

namespace muster::runner {
namespace {

constexpr std::size_t kUsualWindow = 256 << 10;
constexpr std::size_t kLargestWindow = 2 << 20;  // more than the largest record of a point that can be kept
constexpr std::size_t kMostFaults = 20;

/// How many bytes of the window are whole records; of one larger than the largest window should be, that record alone.
std::size_t whole_records(std::string_view window) {
  std::size_t at = 0;
  while (at + 8 <= window.size() && at <= kLargestWindow) {
    std::uint32_t length = 0;
    std::memcpy(&length, window.data() + at, sizeof length);
    const std::size_t total = 8 + (std::size_t{length} + 7) / 8 * 8;
    if (length == 0 || total > window.size() - at) break;
    at += total;
  }
  return at;
}

}  // namespace

JournalReader::JournalReader(std::filesystem::path folder, std::string key) : JournalReader(std::move(folder), std::move(key), ::pread) {}
JournalReader::JournalReader(std::filesystem::path folder, std::string key, ReadAtCall read)
    : folder_(std::move(folder)), key_(std::move(key)), read_(std::move(read)) {}

Result<std::string> JournalReader::read_at(std::uint64_t offset, std::size_t size) const {
  return try_again([&]() -> Result<std::string> {
    std::string bytes(size, '\0');
    ssize_t got = -1;
    do {
      got = read_(file_.get(), bytes.data(), size, static_cast<off_t>(offset));
    } while (got < 0 && errno == EINTR);
    if (got < 0) return tl::unexpected(system_error("read a metric journal", errno));
    bytes.resize(static_cast<std::size_t>(got));
    return bytes;
  });
}

std::filesystem::path JournalReader::segment_path(int segment) const { return folder_ / fmt::format("{}.{:06}.journal", key_, segment); }

Result<PointBatch> JournalReader::read(const ServerTime& to_server) {
  while (batch_.points == 0 || !faults_.empty()) {
    if (!faults_.empty()) {
      std::string fault = std::move(faults_.front());
      faults_.pop_front();
      return fail(Code::malformed, "{}", fault);
    }
    if (damaged_) {
      // What comes after the damage is lost; the process goes on in the next segment, if it does.
      if (::access(segment_path(segment_ + 1).c_str(), F_OK) != 0) return PointBatch{};
      next_segment();
    }
    if (!file_) {
      MUSTER_TRY_ASSIGN(const bool there, open_segment());
      if (!there) return PointBatch{};
    }
    const std::uint64_t position = position_;
    const int segment = segment_;
    auto walked = read_window(to_server);
    if (!walked) {
      damaged_ = true;
      return fail(Code::malformed, "{}: {}; the points after it are not recorded", segment_path(segment).filename().string(),
                  walked.error().detail);
    }
    if (position_ == position && segment_ == segment) return PointBatch{};
  }
  return batch_;
}

Result<bool> JournalReader::open_segment() {
  auto file = try_again([&] { return open_file(segment_path(segment_), O_RDONLY | O_NOFOLLOW | O_NONBLOCK); });
  if (!file && file.error().code == Code::not_found) return false;
  if (!file && file.error().code == Code::unavailable) return tl::unexpected(file.error());
  damaged_ = true;  // until its header has been read
  if (!file)
    return fail(Code::malformed, "{}: {}; its points are not recorded", segment_path(segment_).filename().string(), file.error().detail);
  file_ = std::move(*file);
  const auto bytes = read_at(0, model::kJournalHeaderBytes);
  const auto header = bytes ? model::read_journal_header(*bytes) : tl::unexpected(bytes.error());
  if (!header)
    return fail(Code::malformed, "{}: {}; its points are not recorded", segment_path(segment_).filename().string(), header.error().detail);
  rank_ = header->rank >= 0 ? std::optional<int>(header->rank) : std::nullopt;
  position_ = model::kJournalHeaderBytes;
  walker_ = model::JournalWalker(0);
  damaged_ = false;
  return true;
}

void JournalReader::next_segment() {
  file_.reset();
  damaged_ = false;
  ++segment_;
}

Result<void> JournalReader::read_window(const ServerTime& to_server) {
  // Mostly nothing is new: eight bytes tell.
  MUSTER_TRY_ASSIGN(std::string window, read_at(position_, 4));
  if (window.size() < 4 || window == std::string_view("\0\0\0\0", 4)) return {};
  for (const std::size_t size : {kUsualWindow, kLargestWindow, model::kLargestSegmentBytes}) {
    MUSTER_TRY_ASSIGN(window, read_at(position_, size));
    window.resize(whole_records(window));
    if (!window.empty()) break;
  }
  if (window.empty()) return fail(Code::malformed, "the record at byte {} leads past the segment's end", position_);
  // Read again what was whole: the first reading may have copied a record's bytes before its length was there.
  MUSTER_TRY_ASSIGN(window, read_at(position_, window.size()));

  model::JournalWriter writer;
  model::NamedPoint point;
  const std::uint64_t first = std::max(sequence_, skip_to_);
  using Found = model::JournalWalker::Found;
  auto found = walker_.next(window, point);
  for (; found && (*found == Found::point || *found == Found::left_out); found = walker_.next(window, point)) {
    const std::uint64_t sequence = sequence_++;
    if (*found == Found::left_out) note_left_out(point.name, sequence);
    if (sequence < skip_to_) continue;
    if (*found == Found::left_out) {
      writer.leave_out();
      continue;
    }
    point.point.time = to_server(point.point.time);
    writer.add(point.name, point.point);
  }
  const std::size_t walked = walker_.offset();
  walker_.dropped(walked);
  position_ += walked;
  if (writer.points() > 0) batch_ = {first, writer.points(), rank_, writer.bytes()};
  if (!found) return tl::unexpected(std::move(found).error());
  if (*found == Found::end_of_segment) next_segment();
  return {};
}

void JournalReader::note_left_out(const std::string& name, std::uint64_t sequence) {
  if (left_out_.size() >= kMostFaults || !left_out_.insert(name).second) return;
  const std::string whose = name.empty() ? "a metric without a name" : fmt::format("the metric \"{}\"", name);
  faults_.push_back(fmt::format("{} has points that cannot be kept; they are left out, the first at sequence {} of process {}: {}", whose,
                                sequence, key_, walker_.fault()));
}

void JournalReader::take(std::uint64_t next_sequence) {
  skip_to_ = std::max(skip_to_, next_sequence);
  if (next_sequence >= batch_.sequence + batch_.points) batch_ = {};
}

}  // namespace muster::runner
