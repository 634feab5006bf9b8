#include "runner/log_follower.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "runner/log_scan.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;  // the API takes 4 MiB; smaller pieces keep many ranks in step
constexpr std::chrono::milliseconds kSlowPoll{1000};

std::uint64_t size_of(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool is_removed(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && status.st_nlink == 0;
}

std::string read_piece(int fd, std::uint64_t offset) {
  const std::uint64_t there = size_of(fd);
  // Looked at for every file whenever one has grown: memory is only for what is there.
  std::string bytes(there > offset ? std::min<std::uint64_t>(there - offset, kPieceBytes) : 0, '\0');
  if (bytes.empty()) return bytes;
  ssize_t size = -1;
  do {
    size = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  } while (size < 0 && errno == EINTR);
  bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
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

Result<void> LogFollower::add_rank_log(const std::filesystem::path& file, const std::string& name, int rank) {
  MUSTER_TRY_ASSIGN(Fd opened, open_file(file, O_RDONLY));
  Stream stream;
  stream.name = name;
  if (rank != model::kLauncherRank) stream.rank = rank;
  stream.file = std::move(opened);
  begin_stream(std::move(stream));
  return {};
}

void LogFollower::begin() {
  watch_.add(folder_.ranks());
  thread_ = std::thread([this] { loop(); });
}

Result<void> LogFollower::drain() {
  if (!thread_.joinable()) return {};
  draining_ = true;
  watch_.wake();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return finished_; });
  if (stop_.given_up().stop_requested()) return fail(Code::unavailable, "{} bytes of logs could not be sent", pending_bytes_.load());
  return {};
}

void LogFollower::loop() {
  bool names_changed = true;
  while (!ending_ && !stop_.given_up().stop_requested()) {
    const bool last_look = draining_;  // asked before looking: what was written before it was set is seen
    if (names_changed || last_look) look_for_files();
    names_changed = false;
    if (send_round()) continue;
    if (last_look) break;
    names_changed = watch_.wait(kSlowPoll).names;
  }
  const std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void LogFollower::look_for_files() {
  bool named = false;
  const auto seen = scan_logs(
      folder_.logs(), [this](const auto& folder) { watch_.add(folder); },
      [this](std::string warning) { warnings_.add(std::move(warning)); });
  for (const SeenLog& log : seen) {
    if (const auto known = by_id_.find(log.id); known != by_id_.end()) {
      known->second->path = log.path;
      continue;
    }
    auto file = open_file(log.disk, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (!file) {
      if (file.error().code != Code::not_found) warnings_.add(fmt::format("{} is not recorded: {}", log.path, file.error().detail));
      continue;
    }
    Stream stream;
    stream.path = log.path;
    stream.name = names_.name_of(log.id, log.path);
    stream.file = std::move(*file);
    stream.id = log.id;
    begin_stream(std::move(stream));
    named = true;
  }
  if (named) keep_names();
}

void LogFollower::begin_stream(Stream stream) {
  streams_.push_back(std::move(stream));
  if (!streams_.back().path.empty()) by_id_[streams_.back().id] = &streams_.back();
}

bool LogFollower::send_round() {
  bool sent = false;
  bool named = false;
  std::uint64_t pending = 0;
  for (auto at = streams_.begin(); at != streams_.end() && !ending_;) {
    Stream& stream = *at;
    const bool cut = !stream.path.empty() && stream.announced && size_of(stream.file.get()) < stream.offset;
    if (cut) {
      stream.name = names_.next_generation(stream.id, stream.path);
      stream.offset = 0;
      stream.announced = false;
      stream.refused = false;
      named = true;
    }
    if (send_piece(stream)) sent = true;
    const std::uint64_t size = size_of(stream.file.get());
    if (!stream.refused && size > stream.offset) pending += size - stream.offset;
    // Held open until now, so that its last lines were not lost and its number not used again.
    if (!stream.path.empty() && stream.announced && size <= stream.offset && is_removed(stream.file.get())) {
      by_id_.erase(stream.id);
      at = streams_.erase(at);
    } else {
      ++at;
    }
  }
  if (named) keep_names();
  pending_bytes_ = pending;
  return sent;
}

bool LogFollower::send_piece(Stream& stream) {
  if (stream.refused) return false;
  std::string bytes = read_piece(stream.file.get(), stream.offset);
  if (bytes.empty() && stream.announced) return false;
  const std::size_t size = bytes.size();
  const TimeUs time = clock_.now();
  const auto answer = persist(stop_.given_up(),
                              [&]() -> Result<client::LogAnswer> {
                                if (ending_) return fail(Code::invalid, "the follower ends");
                                return server_.put_log(stream.name, stream.offset, time, stream.rank, bytes);
                              },
                              {.with_storage = [this](const Error& why) {
                                return delivery_.refused(Delivery::What::logs, 0, why, std::chrono::steady_clock::now());
                              }});
  if (answer) delivery_.took(Delivery::What::logs);
  if (!answer) {
    if (ending_ || stop_.given_up().stop_requested()) return false;
    stream.refused = true;
    warnings_.add(fmt::format("{} is recorded up to byte {} only: {}", stream.name, stream.offset, answer.error().detail));
    if (verdict_on(answer.error().code) != Verdict::storage) delivery_.give_up(stream.name);
    return false;
  }
  // The server's size is the truth: more than we sent when another runner was here before, less when it lost its disk.
  const bool stuck = stream.announced && size > 0 && answer->size == stream.offset;
  stream.announced = true;
  stream.offset = answer->size;
  if (stuck) {
    stream.refused = true;
    warnings_.add(fmt::format("{} is recorded up to byte {} only: the server takes no more of it", stream.name, stream.offset));
    delivery_.give_up(stream.name);
  }
  return !stuck && size > 0;
}

void LogFollower::keep_names() {
  const auto kept = write_file(folder_.log_names(), dump_json(names_.to_json()), 0644, Durable::no);
  // Only a runner that takes over would miss it.
  if (!kept) warnings_.add(fmt::format("the names of logs could not be kept: {}", kept.error().detail));
}

}  // namespace muster::runner
