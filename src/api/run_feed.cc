#include "api/run_feed.h"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "api/answers.h"
#include "api/log_event.h"
#include "store/runs.h"

namespace muster::api {
namespace {

constexpr std::size_t kEventBytes = 16u << 10;      ///< of one log in one event
constexpr std::size_t kRememberedBytes = 1u << 20;  ///< of events kept for those who come a little later
/// Notifications are hints: after this long everything is looked at again, by whichever stream asks first.
constexpr std::chrono::seconds kTrusted{4};

}  // namespace

RunFeed::RunFeed(Services& services, const store::runs::Brief& run) : services_(services), key_(run.key), uuid_(run.uuid) {
  subscription_ = services.changes.subscribe(run.key, [changed = changed_](const store::LogGrowth* growth) {
    changed->with([&](Changed& now) {
      if (growth == nullptr)
        now.all = true;
      else if (growth->id.path.starts_with(kFollowedLogs))
        now.sizes[growth->id] = std::max(now.sizes[growth->id], growth->size);
    });
  });
}

void RunFeed::expect(std::int64_t revision) {
  const std::lock_guard lock(mutex_);
  if (!state_ || state_->revision < revision) stale_ = true;
}

RunFeed::View RunFeed::look(int attempt, std::uint64_t& seen) {
  const std::lock_guard lock(mutex_);
  refresh();
  View view{state_, {}};
  const auto [at, fresh] = attempts_.try_emplace(attempt);
  if (fresh) list(attempt, at->second);
  for (auto change = at->second.by_change.upper_bound(seen); change != at->second.by_change.end(); ++change)
    view.logs.push_back(change->second);
  if (!at->second.by_change.empty()) seen = at->second.by_change.rbegin()->first;
  return view;
}

void RunFeed::refresh() {
  const Changed changed = changed_->with([](Changed& now) {
    Changed taken = std::move(now);
    now = {false, {}};
    return taken;
  });
  const auto now = services_.clock.steady();
  if (changed.all || stale_ || now - refreshed_ >= kTrusted) {
    stale_ = true;  // until it has worked
    // The run first: when it is over, the logs have all their bytes.
    read_run();
    for (auto& [attempt, logs] : attempts_) list(attempt, logs);
    stale_ = false;
    refreshed_ = now;
    return;
  }
  for (const auto& [id, size] : changed.sizes) {
    const auto logs = attempts_.find(id.attempt);
    if (logs == attempts_.end()) continue;  // nobody follows that attempt yet
    const auto known = logs->second.entries.find(id);
    if (known == logs->second.entries.end()) {
      list(id.attempt, logs->second);
      continue;
    }
    store::LogInfo grown = *known->second.log;
    grown.size = std::max(grown.size, size);
    put(logs->second, std::move(grown));
  }
}

void RunFeed::read_run() {
  auto found =
      services_.store.read([&](store::Session& session) -> Result<std::optional<model::Run>> { return store::runs::find(session, key_); });
  if (!found) throw std::runtime_error(found.error().detail);
  if (!*found) {
    state_ = nullptr;
    return;
  }
  model::Run& run = **found;
  show_unstored(services_.scheduler.unstored(), run);
  std::string words = fmt::format("{}\n{}\n{}", to_string(run.status), run.status_detail, run.attempt);
  if (state_ && state_->revision == run.revision && words == status_words_) return;
  if (words != status_words_) ++status_version_;
  status_words_ = std::move(words);
  const bool over = model::has_ended(run.status);
  const Json json = to_json(run);
  state_ = std::make_shared<const State>(
      State{run.revision, status_version_, run.attempt, over, event_text("status", json), over ? event_text("end", json) : ""});
}

void RunFeed::list(int attempt, Logs& logs) {
  auto found = services_.logs.list(uuid_, attempt);
  if (!found) {
    stale_ = true;
    throw std::runtime_error(found.error().detail);
  }
  for (store::LogInfo& log : *found) {
    if (log.id.path.starts_with(kFollowedLogs)) put(logs, std::move(log));
  }
}

void RunFeed::put(Logs& logs, store::LogInfo log) {
  Entry& entry = logs.entries[log.id];
  if (entry.log) {
    log.size = std::max(log.size, entry.log->size);
    if (log.size == entry.log->size && log.complete == entry.log->complete) return;
    logs.by_change.erase(entry.change);
  }
  entry = {std::make_shared<const store::LogInfo>(std::move(log)), ++change_};
  logs.by_change.emplace(entry.change, entry.log);
}

std::shared_ptr<const RunFeed::Piece> RunFeed::piece(const store::LogInfo& log, std::uint64_t offset, bool no_more) {
  const std::lock_guard lock(mutex_);
  const auto known =
      std::find_if(pieces_.rbegin(), pieces_.rend(), [&](const auto& one) { return one->begin == offset && one->id == log.id; });
  if (known != pieces_.rend()) return *known;
  if (offset >= log.size) return nullptr;
  auto bytes = services_.logs.read(log.id, offset, std::min<std::uint64_t>(kEventBytes, log.size - offset));
  if (!bytes) throw std::runtime_error(bytes.error().detail);
  const bool last = (log.complete || no_more) && offset + bytes->size() >= log.size;
  if (!last) {
    const std::size_t whole = without_begun_character(*bytes);
    // A piece that is nothing but begun characters is no text; only at the end may its rest still come.
    if (whole > 0 || offset + bytes->size() >= log.size) bytes->resize(whole);
  }
  if (bytes->empty()) return nullptr;
  const std::uint64_t end = offset + bytes->size();
  const auto time = services_.logs.time_at(log.id, offset);
  auto made = std::make_shared<const Piece>(Piece{log.id, offset, end, log_event_text(log, offset, time.value_or(0), std::move(*bytes))});
  pieces_bytes_ += made->event.size();
  pieces_.push_back(made);
  while (pieces_.size() > 1 && pieces_bytes_ > kRememberedBytes) {
    pieces_bytes_ -= pieces_.front()->event.size();
    pieces_.pop_front();
  }
  return made;
}

bool RunFeed::is_alone(const store::LogId& id) {
  const std::lock_guard lock(mutex_);
  const auto& entries = attempts_[id.attempt].entries;
  return std::none_of(entries.begin(), entries.end(),
                      [&](const auto& one) { return one.first.path == id.path && one.first.node_rank != id.node_rank; });
}

std::shared_ptr<RunFeed> RunFeeds::of(Services& services, const store::runs::Brief& run) {
  auto feed = feeds_.with([&](auto& feeds) {
    std::erase_if(feeds, [](const auto& one) { return one.second.expired(); });
    std::shared_ptr<RunFeed> there = feeds[run.key].lock();
    if (!there) feeds[run.key] = there = std::make_shared<RunFeed>(services, run);
    return there;
  });
  feed->expect(run.revision);
  return feed;
}

}  // namespace muster::api
