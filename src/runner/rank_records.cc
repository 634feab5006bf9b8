#include "runner/rank_records.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/text.h"
#include "runner/rank_reports.h"

namespace muster::runner {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostRecordBytes = 4096;

fs::path file_of(const fs::path& folder, int rank, std::string_view kind) { return folder / fmt::format("{}{}", rank, kind); }

/// "3.started" as (3, started).
std::optional<std::pair<int, RankNews::What>> fact_of(std::string_view name) {
  const std::size_t dot = name.find('.');
  std::int64_t rank = 0;
  if (dot == std::string_view::npos || !parse_int64(name.substr(0, dot), rank) || rank < 0 || rank > INT32_MAX) return std::nullopt;
  const std::string_view kind = name.substr(dot);
  const auto fact = [&](RankNews::What what) { return std::pair(static_cast<int>(rank), what); };
  if (kind == rank::kStarted) return fact(RankNews::What::started);
  if (kind == rank::kEnded) return fact(RankNews::What::ended);
  if (kind == rank::kAborted) return fact(RankNews::What::aborted);
  return std::nullopt;
}

}  // namespace

Result<rank::RankRecord> read_rank_record(const fs::path& folder, int rank, std::string_view kind) {
  const fs::path file = file_of(folder, rank, kind);
  MUSTER_TRY_ASSIGN(const std::string line, try_again([&] { return read_file(file, kMostRecordBytes); }));
  const auto record = rank::from_line(line);
  if (!record || record->rank != rank) return fail(Code::malformed, "{} is not a rank's record", file.string());
  return *record;
}

RankRecords::RankRecords(fs::path folder) : folder_(std::move(folder)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (inotify_ && ::inotify_add_watch(inotify_.get(), folder_.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) < 0) inotify_ = Fd();
}

std::vector<RankNews> RankRecords::news() {
  std::vector<RankNews> news;
  for (const std::string& name : new_names()) {
    const auto fact = fact_of(name);
    if (!fact) continue;
    const auto& [rank, what] = *fact;
    RankNews one{what, {}};
    one.record.rank = rank;
    if (what != RankNews::What::aborted) {
      const auto record = read_rank_record(folder_, rank, what == RankNews::What::started ? rank::kStarted : rank::kEnded);
      if (!record) continue;  // not ours: any process of the job can write here
      one.record = *record;
    }
    news.push_back(one);
  }
  return news;
}

Result<void> RankRecords::close() const { return write_file(folder_ / rank::kClosed, "", 0644, Durable::no); }

std::vector<std::string> RankRecords::new_names() {
  std::vector<std::string> names;
  bool list = !inotify_ || !listed_;
  alignas(inotify_event) std::array<char, 16384> buffer{};
  while (inotify_) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      if ((event->mask & IN_Q_OVERFLOW) != 0) list = true;
      if (event->len > 0) names.emplace_back(event->name);
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
  }
  if (list) {
    auto listed = list_folder(folder_);
    listed_ = listed.has_value();  // else at the next look
    if (listed) names.insert(names.end(), std::make_move_iterator(listed->begin()), std::make_move_iterator(listed->end()));
  }
  std::erase_if(names, [&](const std::string& name) { return !known_.insert(name).second; });
  return names;
}

void adopt_records(RunnerState& state, const fs::path& folder, int node_rank) {
  for (RankState& rank : state.ranks) {
    const auto known = [&](const model::RankReport& report) { return report.rank == rank.rank; };
    if (rank.rank == model::kLauncherRank || std::any_of(state.reports.begin(), state.reports.end(), known)) continue;
    if (const auto started = read_rank_record(folder, rank.rank, rank::kStarted)) {
      rank.pid = started->pid;
      rank.started_at = started->started_at;
    }
    if (const auto ended = read_rank_record(folder, rank.rank, rank::kEnded)) {
      const bool failed = ended->exit_code != 0;
      state.reports.push_back(make_report(rank, node_rank, {how_ended(*ended), ended->ended_at, false, false},
                                          failed ? tail_of_log(folder / fs::path(rank.log).filename()) : ""));
    }
  }
}

}  // namespace muster::runner
