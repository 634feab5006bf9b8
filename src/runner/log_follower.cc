#include "runner/log_follower.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/text.h"
#include "runner/patient_start.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;  // the API takes 4 MiB; smaller pieces keep many ranks in step
constexpr std::chrono::milliseconds kSlowPoll{1000};
constexpr std::chrono::milliseconds kSettled{30};  // a temporary file has its last name by then
constexpr std::size_t kMostNames = 10'000;

std::string too_often(const std::string& path) {
  return fmt::format("{} was rewritten more than {} times: of what came after, only its last content is recorded", path, kMostGenerations);
}

std::uint64_t size_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool is_removed(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink == 0;
}

Result<std::string> read_piece(int fd, std::uint64_t offset) {
  const std::uint64_t there = size_of(fd);
  // Looked at for every file whenever one has grown: memory is only for what is there.
  std::string bytes(there > offset ? std::min<std::uint64_t>(there - offset, kPieceBytes) : 0, '\0');
  if (bytes.empty()) return bytes;
  ssize_t size = -1;
  do {
    size = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  } while (size < 0 && errno == EINTR);
  if (size < 0) return tl::unexpected(system_error("read it", errno));
  bytes.resize(static_cast<std::size_t>(size));
  return bytes;
}

}  // namespace

LogFollower::LogFollower(client::RunnerApi& server, const ServerClock& clock, const StopControl& stop, Warnings& warnings,
                         Delivery& delivery, const RunFolder& folder)
    : server_(server), clock_(clock), stop_(stop), warnings_(warnings), delivery_(delivery), folder_(folder) {
  if (const auto text = read_file(folder_.log_names())) {
    const auto json = parse_json(*text);
    auto names = json ? LogNames::from_json(*json) : Result<LogNames>(LogNames{});
    if (names) names_ = std::move(*names);
  }
}

LogFollower::~LogFollower() {
  ending_ = true;
  watch_.wake();
  if (thread_.joinable()) thread_.join();
}

Result<void> LogFollower::add(const std::filesystem::path& file, const std::string& name, std::optional<int> rank) {
  MUSTER_TRY_ASSIGN(Fd opened, open_file(file, O_RDONLY));
  Stream stream;
  stream.name = name;
  stream.rank = rank;
  stream.file = std::move(opened);
  {
    const std::lock_guard lock(mutex_);
    added_.push_back(std::move(stream));
  }
  watch_.wake();
  return {};
}

Result<void> LogFollower::begin() {
  if (thread_.joinable()) return {};
  watch_.add(folder_.ranks());
  MUSTER_TRY_ASSIGN(thread_, start_thread("the logs", stop_.asked_token(), [this] { loop(); }));
  return {};
}

Result<void> LogFollower::drain() {
  if (!thread_.joinable()) return {};
  draining_ = true;
  watch_.wake();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finished_; });
  if (stop_.calls_canceled().stop_requested())
    return fail(Code::unavailable, "{} of logs could not be sent", human_size(pending_bytes_.load()));
  return {};
}

void LogFollower::loop() {
  bool names_changed = true;
  bool compared = false;
  while (!ending_ && !stop_.calls_canceled().stop_requested()) {
    const bool last_look = draining_;  // asked before looking: what was written before it was set is seen
    const bool again = look_again_at_ && std::chrono::steady_clock::now() >= *look_again_at_;
    if (names_changed || last_look || again) look_for_files(last_look);
    names_changed = false;
    take_added();
    take_newcomers(last_look);
    if (last_look && !std::exchange(compared, true)) compare_all();
    const bool sent = send_round();
    if (std::exchange(names_changed_, false)) keep_names();
    if (sent) continue;
    if (last_look) break;
    names_changed = watch_.wait(newcomers_.empty() ? kSlowPoll : kSettled).names;
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void LogFollower::take_added() {
  const std::lock_guard lock(mutex_);
  for (Stream& stream : added_) begin_stream(std::move(stream));
  added_.clear();
}

void LogFollower::look_for_files(bool last_look) {
  look_again_at_.reset();
  const auto on_fault = [&](const std::string& path, const Error& why) {
    look_again_at_ = std::chrono::steady_clock::now() + kSlowPoll;
    if (!last_look) return;
    warnings_.add(fmt::format("{} is not recorded: {}", path, why.detail));
    delivery_.leave_behind();
  };
  const auto seen = scan_logs(folder_.logs(), {[this](const auto& folder) { watch_.add(folder); },
                                               [this](std::string warning) { warnings_.add(std::move(warning)); }, on_fault});
  for (const SeenLog& log : seen) {
    if (const auto known = by_id_.find(log.id); known != by_id_.end())
      moved(*known->second, log.path);
    else if (const auto met = meet(log); !met)
      on_fault(log.path, met.error());
  }
}

Result<void> LogFollower::meet(const SeenLog& log) {
  const auto waiting = std::find_if(newcomers_.begin(), newcomers_.end(), [&](const Newcomer& one) { return one.id == log.id; });
  if (waiting != newcomers_.end()) {
    waiting->path = log.path;
    return {};
  }
  auto file = try_again([&] { return open_file(log.disk, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); });
  if (!file && file.error().code == Code::not_found) return {};
  if (!file) return tl::unexpected(std::move(file).error());
  const auto id = file_id(file->get());
  if (!id || *id != log.id) return {};  // replaced since; seen at the next look
  newcomers_.push_back({log.path, std::move(*file), *id, std::chrono::steady_clock::now()});
  return {};
}

void LogFollower::moved(Stream& stream, const std::string& path) {
  if (stream.path == path) return;
  const std::string before = std::exchange(stream.path, path);
  // "a.log" became "a.log.1": rotated, and recorded already. "a.tmp" became "a.json": the next content of that.
  const bool replaces = names_.generations(path) > 0 && !path.starts_with(before);
  if (replaces) begin_again(stream, path);
}

void LogFollower::take_newcomers(bool all) {
  for (auto at = newcomers_.begin(); at != newcomers_.end();) at = take_newcomer(*at, all) ? newcomers_.erase(at) : std::next(at);
}

bool LogFollower::take_newcomer(Newcomer& newcomer, bool at_the_end) {
  const bool removed = is_removed(newcomer.file.get());
  if (!removed && !at_the_end && std::chrono::steady_clock::now() - newcomer.seen < kSettled) return false;
  const std::string path = path_now(newcomer);
  const bool known = names_.knows(newcomer.id);
  if (!known && !at_the_end && names_.generations(path) >= kMostGenerations) {
    if (removed) warnings_.add(too_often(path));
    return removed;  // what stays waits for the end
  }
  if (!known && names_.given() >= kMostNames) {
    warnings_.add(fmt::format("logs/ has had more than {} files; {} and those after it are not recorded", kMostNames, path));
    return true;
  }
  Stream stream;
  stream.path = path;
  stream.name = names_.name_of(newcomer.id, path);
  stream.file = std::move(newcomer.file);
  stream.id = newcomer.id;
  begin_stream(std::move(stream));
  names_changed_ = true;
  return true;
}

/// A removed file's last name; the kernel knows it longer than the folder does.
std::string LogFollower::path_now(const Newcomer& newcomer) const {
  std::error_code error;
  std::string now = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", newcomer.file.get()), error).string();
  constexpr std::string_view kDeleted = " (deleted)";
  if (is_removed(newcomer.file.get()) && now.ends_with(kDeleted)) now.resize(now.size() - kDeleted.size());
  const std::string folder = std::filesystem::canonical(folder_.logs(), error).string() + "/";
  if (error || !now.starts_with(folder)) return newcomer.path;
  const std::string path = "logs/" + now.substr(folder.size());
  return is_safe_relative_path(path) ? path : newcomer.path;
}

void LogFollower::begin_stream(Stream stream) {
  streams_.push_back(std::move(stream));
  if (!streams_.back().path.empty()) by_id_[streams_.back().id] = &streams_.back();
}

bool LogFollower::is_another(Stream& stream, SentPrefix::Look look) {
  if (stream.path.empty() || !stream.announced || stream.waits) return false;
  struct stat status {};
  if (::fstat(stream.file.get(), &status) != 0) return false;
  if (static_cast<std::uint64_t>(status.st_size) < stream.offset) return true;
  const std::int64_t changed = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec;
  if (look == SentPrefix::Look::ends && changed == stream.changed) return false;
  stream.changed = changed;
  return !stream.sent.begins(stream.file.get(), look);
}

void LogFollower::begin_again(Stream& stream, const std::string& path) {
  if (!draining_ && names_.generations(path) >= kMostGenerations) {
    stream.waits = true;
    warnings_.add(too_often(path));
    return;
  }
  stream.name = names_.next_generation(stream.id, path);
  stream.offset = 0;
  stream.sent = {};
  stream.announced = false;
  stream.refused = false;
  names_changed_ = true;
}

void LogFollower::compare_all() {
  for (Stream& stream : streams_) {
    if (std::exchange(stream.waits, false) || is_another(stream, SentPrefix::Look::whole)) begin_again(stream, stream.path);
  }
}

bool LogFollower::send_round() {
  bool sent = false;
  std::uint64_t pending = 0;
  for (auto at = streams_.begin(); at != streams_.end() && !ending_;) {
    Stream& stream = *at;
    if (is_another(stream, SentPrefix::Look::ends)) begin_again(stream, stream.path);
    if (send_piece(stream)) sent = true;
    const std::uint64_t size = size_of(stream.file.get());
    if (!stream.refused && size > stream.offset) pending += size - stream.offset;
    // Held open until now, so that its last lines were not lost and its number not used again.
    const bool complete = (stream.announced && size <= stream.offset) || stream.waits;
    if (!stream.path.empty() && complete && is_removed(stream.file.get())) {
      by_id_.erase(stream.id);
      names_.forget(stream.id);
      at = streams_.erase(at);
    } else {
      ++at;
    }
  }
  pending_bytes_ = pending;
  return sent;
}

bool LogFollower::send_piece(Stream& stream) {
  if (stream.refused || stream.waits) return false;
  const auto read = try_again([&] { return read_piece(stream.file.get(), stream.offset); });
  if (!read) {
    read_failed(stream, read.error());
    return false;
  }
  const std::string& bytes = *read;
  if (bytes.empty() && stream.announced) return false;
  const std::size_t size = bytes.size();
  const TimeUs time = clock_.now();
  const auto answer = persist(stop_.calls_canceled(),
                              [&]() -> Result<client::LogAnswer> {
                                if (ending_) return fail(Code::invalid, "the follower ends");
                                return server_.put_log(stream.name, stream.offset, time, stream.rank, bytes);
                              },
                              {.with_storage = [this](const Error& why) {
                                return delivery_.refused(Delivery::What::logs, 0, why, std::chrono::steady_clock::now());
                              }});
  if (answer) delivery_.took(Delivery::What::logs);
  if (!answer) {
    if (ending_ || stop_.calls_canceled().stop_requested()) return false;
    stream.refused = true;
    warnings_.add(fmt::format("{} is recorded up to byte {} only: {}", stream.name, stream.offset, answer.error().detail));
    if (verdict_on(answer.error().code) != Verdict::storage) delivery_.not_delivered(stream.name);
    return false;
  }
  // The server's size is the truth: more than we sent when another runner was here before, less when it lost its disk.
  const bool stuck = stream.announced && size > 0 && answer->size == stream.offset;
  if (!stream.path.empty()) {
    if (answer->size == stream.offset + size)
      stream.sent.append(bytes);
    else
      stream.sent.adopt(stream.file.get(), answer->size);
  }
  stream.announced = true;
  stream.offset = answer->size;
  if (stuck) {
    stream.refused = true;
    warnings_.add(fmt::format("{} is recorded up to byte {} only: the server takes no more of it", stream.name, stream.offset));
    delivery_.not_delivered(stream.name);
  }
  return !stuck && (size > 0 || size_of(stream.file.get()) > stream.offset);
}

void LogFollower::read_failed(Stream& stream, const Error& why) {
  if (!draining_) return;  // tried again at the next look
  stream.refused = true;
  warnings_.add(fmt::format("{} is recorded up to byte {} only: {}", stream.name, stream.offset, why.detail));
  delivery_.leave_behind();
}

void LogFollower::send_again() {
  for (Stream& stream : streams_) stream.announced = false;
  while (!ending_ && !stop_.calls_canceled().stop_requested() && send_round()) {
  }
}

std::vector<client::LogSize> LogFollower::taken() const {
  std::vector<client::LogSize> all;
  for (const Stream& stream : streams_) {
    if (stream.announced && !stream.refused) all.push_back({stream.name, stream.offset});
  }
  return all;
}

void LogFollower::keep_names() {
  const auto kept = write_file(folder_.log_names(), dump_json(names_.to_json()), 0644, Durable::no);
  // Only a runner that takes over would miss it.
  if (!kept) warnings_.add(fmt::format("the names of logs could not be kept: {}", kept.error().detail));
}

}  // namespace muster::runner
