#include "api/merged_log.h"

#include <map>

#include "api/log_clock.h"
#include "store/runs.h"

namespace muster::api {
namespace {

constexpr std::string_view kDriverLogs = "azureml-logs/70_driver_log";
constexpr std::size_t kLogPieceBytes = 64u << 10;
constexpr std::size_t kEnough = 192u << 10;

bool is_ranks(const store::LogInfo& log) { return log.rank && log.id.path.starts_with(kDriverLogs); }

/// One rank's log, read line by line.
class RankLines {
 public:
  RankLines(const store::LogStore& logs, const store::LogInfo& info, std::uint64_t skip)
      : logs_(&logs), id_(info.id), rank_(*info.rank), clock_(logs, info.id), skip_(skip) {}

  int rank() const { return rank_; }
  TimeUs time() const { return time_; }

  /// Whether a line is at hand. What has no line end yet is one when no more comes (`complete`), or when it fills a piece.
  bool has_line(bool complete) {
    if (length_ == 0) find_line(complete);
    while (skip_ > 0 && length_ > 0) {
      drop_line();
      --skip_;
      find_line(complete);
    }
    return length_ > 0;
  }
  void take_line(std::string& out) {
    std::string_view line = std::string_view(piece_).substr(begin_, length_);
    out += fmt::format("[rank {}] ", rank_);
    out += line;
    if (!line.ends_with('\n')) out += '\n';
    drop_line();
  }

 private:
  void drop_line() {
    begin_ += length_;
    length_ = 0;
  }

  void find_line(bool complete) {
    std::size_t end = piece_.find('\n', begin_);
    if (end == std::string::npos) {
      refill();
      end = piece_.find('\n', begin_);
    }
    const std::size_t there = piece_.size() - begin_;
    if (end != std::string::npos)
      length_ = end + 1 - begin_;
    else if (complete || there >= kLogPieceBytes)
      length_ = there;
    if (length_ > 0) time_ = clock_.at(offset_ + begin_);
  }

  void refill() {
    offset_ += begin_;
    piece_.erase(0, begin_);
    begin_ = 0;
    if (piece_.size() >= kLogPieceBytes) return;
    const auto more = logs_->read(id_, offset_ + piece_.size(), kLogPieceBytes - piece_.size());
    if (!more) throw std::runtime_error(more.error().detail);
    piece_ += *more;
  }

  const store::LogStore* logs_;
  store::LogId id_;
  int rank_;
  LogClock clock_;
  std::uint64_t skip_;  ///< lines that are not given out
  std::string piece_;
  std::uint64_t offset_ = 0;  ///< in the log, of the piece
  std::size_t begin_ = 0;     ///< of the next line, in the piece
  std::size_t length_ = 0;    ///< of the line at hand; 0: none
  TimeUs time_ = 0;
};

class MergedLog final : public http::StreamSource {
 public:
  MergedLog(Services& services, const store::runs::Brief& run, MergeWishes wishes)
      : services_(services), key_(run.key), uuid_(run.uuid), wishes_(std::move(wishes)) {}

  void on_ready(std::function<void()> wake) override {
    if (wishes_.follow) subscription_ = services_.changes.subscribe(key_, [wake = std::move(wake)](const store::LogGrowth*) { wake(); });
  }

  std::optional<std::string> pull() override {
    // Asked first: what was written until then is found below.
    const bool no_more = !wishes_.follow || is_over();
    find_ranks();
    for (auto& [id, rank] : ranks_) {
      if (!rank.ready) make_ready(rank, no_more);
    }
    std::string out;
    while (out.size() < kEnough && !ready_.empty()) {
      Rank& first = *ready_.begin()->second;
      ready_.erase(ready_.begin());
      first.ready = false;
      first.lines.take_line(out);
      make_ready(first, no_more);
    }
    if (out.empty() && no_more) return std::nullopt;
    return out;
  }

 private:
  bool is_over() {
    const auto over = services_.store.read([&](store::Session& session) -> Result<bool> {
      const auto run = store::runs::find_brief(session, key_);
      return !run || model::has_ended(run->status) || run->attempt != wishes_.attempt;
    });
    return over.value_or(false);
  }

  void find_ranks() {
    const auto logs = services_.logs.list(uuid_, wishes_.attempt);
    if (!logs) throw std::runtime_error(logs.error().detail);
    for (const store::LogInfo& log : *logs) {
      if (!is_ranks(log)) continue;
      if (wishes_.ranks && !wishes_.ranks->contains(*log.rank)) continue;
      const auto at = ranks_.try_emplace(log.id, Rank{RankLines(services_.logs, log, skipped(*log.rank)), log.complete, false}).first;
      at->second.complete = log.complete;
    }
  }

  std::uint64_t skipped(int rank) const {
    const auto at = wishes_.skip.find(rank);
    return at == wishes_.skip.end() ? 0 : at->second;
  }

  struct Rank {
    RankLines lines;
    bool complete;
    bool ready;
  };

  /// A rank that has no line now is not waited for: what it writes later is later.
  void make_ready(Rank& rank, bool no_more) {
    if (!rank.lines.has_line(no_more || rank.complete)) return;
    rank.ready = true;
    ready_.emplace(std::pair(rank.lines.time(), rank.lines.rank()), &rank);
  }

  Services& services_;
  const std::int64_t key_;
  const std::string uuid_;
  const MergeWishes wishes_;
  std::map<store::LogId, Rank> ranks_;
  std::multimap<std::pair<TimeUs, int>, Rank*> ready_;  ///< those with a line at hand, by its time
  store::Changes::Subscription subscription_;
};

}  // namespace

Result<std::set<int>> ranks_with_logs(Services& services, const store::runs::Brief& run, int attempt) {
  MUSTER_TRY_ASSIGN(const auto logs, services.logs.list(run.uuid, attempt));
  std::set<int> ranks;
  for (const store::LogInfo& log : logs) {
    if (is_ranks(log)) ranks.insert(*log.rank);
  }
  return ranks;
}

std::unique_ptr<http::StreamSource> merged_log(Services& services, const store::runs::Brief& run, MergeWishes wishes) {
  return std::make_unique<MergedLog>(services, run, std::move(wishes));
}

}  // namespace muster::api
