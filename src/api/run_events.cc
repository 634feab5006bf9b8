#include "api/run_events.h"

#include <set>

#include <nlohmann/json.hpp>

#include "api/query.h"
#include "api/resources.h"
#include "base/text.h"
#include "store/runs.h"

namespace muster::api {
namespace {

/// Then what is there is sent first. What 500 slow readers have not taken yet is in memory so many times.
constexpr std::size_t kEnoughAtOnce = 16u << 10;
constexpr std::chrono::seconds kSilence{15};

/// One stream: where it stands in what the feed shows. Its logs are only looked at when they changed.
class RunEvents final : public http::StreamSource {
 public:
  RunEvents(Services& services, std::shared_ptr<RunFeed> feed, const store::runs::Brief& run, EventWishes wishes)
      : services_(services),
        feed_(std::move(feed)),
        key_(run.key),
        attempt_(wishes.attempt.value_or(run.attempt)),
        wishes_(std::move(wishes)),
        last_sent_(services.clock.steady()) {}

  void on_ready(std::function<void()> wake) override {
    // After the feed, which therefore knows before we ask it.
    subscription_ = services_.changes.subscribe(key_, [wake = std::move(wake), logs = wishes_.logs](const store::LogGrowth* growth) {
      if (growth == nullptr || (logs && growth->id.path.starts_with(kFollowedLogs))) wake();
    });
  }

  std::optional<std::string> pull() override {
    if (ended_) return std::nullopt;
    std::string out;
    while (true) {
      const RunFeed::View view = feed_->look(attempt_, seen_);
      if (!view.state) return std::nullopt;  // deleted
      const RunFeed::State& state = *view.state;
      // The end is told after the last byte: who hears of it may stop listening.
      if (!state.over) tell_status(out, state);
      const bool last_attempt = attempt_ >= state.attempt;
      const bool drained = !wishes_.logs || append_logs(out, view.logs, state.over || !last_attempt);
      if (!drained) break;
      if (!last_attempt) {
        begin_attempt(attempt_ + 1);
        continue;
      }
      if (state.over) {
        tell_status(out, state);
        out += state.end_event;
        ended_ = true;
      }
      break;
    }
    const auto now = services_.clock.steady();
    if (out.empty() && now - last_sent_ >= kSilence) out = ": keeps the connection alive\n\n";
    if (!out.empty()) last_sent_ = now;
    return out;
  }

 private:
  /// One log that is followed.
  struct Reading {
    RunFeed::Log log;
    std::uint64_t offset = 0;
  };

  void tell_status(std::string& out, const RunFeed::State& state) {
    if (sent_version_ == state.status_version) return;
    sent_version_ = state.status_version;
    out += state.status_event;
  }

  void begin_attempt(int attempt) {
    attempt_ = attempt;
    seen_ = 0;
    readings_.clear();
    behind_.clear();
    wishes_.positions.clear();
  }

  /// Whether everything there is has been sent; otherwise the next pull goes on.
  bool append_logs(std::string& out, const std::vector<RunFeed::Log>& changed, bool no_more) {
    for (const RunFeed::Log& log : changed) {
      const auto [at, fresh] = readings_.try_emplace(log->id);
      at->second.log = log;
      if (fresh) at->second.offset = wished_offset(*log);
      behind_.insert(log->id);
    }
    // A character that has begun is not waited for any longer.
    if (no_more) {
      for (const auto& [id, reading] : readings_) behind_.insert(id);
    }
    while (!behind_.empty()) {
      Reading& reading = readings_.at(*behind_.begin());
      while (const auto piece = feed_->piece(*reading.log, reading.offset, no_more)) {
        reading.offset = piece->end;
        out += piece->event;
        if (out.size() >= kEnoughAtOnce) return false;
      }
      behind_.erase(behind_.begin());
    }
    return true;
  }

  std::uint64_t wished_offset(const store::LogInfo& log) const {
    auto wished = wishes_.positions.find(fmt::format("{}:{}", log.id.node_rank, log.id.path));
    if (wished == wishes_.positions.end() && feed_->is_alone(log.id)) wished = wishes_.positions.find(log.id.path);
    // A position past the end is one of another attempt.
    return wished != wishes_.positions.end() && wished->second <= log.size ? wished->second : 0;
  }

  Services& services_;
  const std::shared_ptr<RunFeed> feed_;
  const std::int64_t key_;
  int attempt_;  ///< whose logs are being sent; earlier ones to their end before later ones
  EventWishes wishes_;
  std::uint64_t seen_ = 0;
  std::map<store::LogId, Reading> readings_;
  std::set<store::LogId> behind_;  ///< those that may have something to send
  std::uint64_t sent_version_ = 0;
  std::chrono::steady_clock::time_point last_sent_;
  bool ended_ = false;
  store::Changes::Subscription subscription_;  ///< last, so that it ends first
};

Result<std::map<std::string, std::uint64_t>> read_positions(const std::string& text) {
  MUSTER_TRY_ASSIGN(const Json json, parse_json(text));
  ObjectReader in(json);
  std::map<std::string, std::uint64_t> positions;
  if (json.is_object()) {
    for (const auto& [path, offset] : json.items()) positions[path] = static_cast<std::uint64_t>(in.integer(path, 0, INT64_MAX));
  }
  MUSTER_TRY(in.finish("positions"));
  return positions;
}

Result<http::Response> follow_run(RunFeeds& feeds, Call& call) {
  QueryReader query(call.request);
  EventWishes wishes;
  wishes.logs = query.flag("log");
  const auto positions = query.text("positions");
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  if (attempt) wishes.attempt = static_cast<int>(*attempt);
  MUSTER_TRY(query.finish());
  if (positions) {
    MUSTER_TRY_ASSIGN(wishes.positions, read_positions(*positions));
  }
  MUSTER_TRY_ASSIGN(const store::runs::Brief run, run_of(call));
  if (wishes.attempt.value_or(1) > run.attempt) {
    return fail_hint(Code::not_found, fmt::format("its newest attempt is {}", run.attempt), "run {} has no attempt {}", run.run_id,
                     *wishes.attempt);
  }
  return http::Response{200,
                        {{"content-type", "text/event-stream"}, {"cache-control", "no-store"}},
                        run_events(call.services, feeds.of(call.services, run), run, std::move(wishes))};
}

}  // namespace

std::unique_ptr<http::StreamSource> run_events(Services& services, std::shared_ptr<RunFeed> feed, const store::runs::Brief& run,
                                               EventWishes wishes) {
  return std::make_unique<RunEvents>(services, std::move(feed), run, std::move(wishes));
}

void add_run_event_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/events", {Users::reader, Runs::own_run},
             [feeds = std::make_shared<RunFeeds>()](Call& call) { return follow_run(*feeds, call); });
}

}  // namespace muster::api
