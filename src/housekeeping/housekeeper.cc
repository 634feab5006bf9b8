#include "housekeeping/housekeeper.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"
#include "housekeeping/blob_collector.h"
#include "store/references.h"
#include "store/runs.h"

namespace muster::housekeeping {
namespace {

using std::chrono::steady_clock;

// A write of so many is short enough that others do not notice it.
constexpr int kSnapshotsAtOnce = 20;
constexpr int kRowsAtOnce = 200;
constexpr std::uint64_t kBytesAtOnce = 4u << 20;

/// What was of no use since then may go. A job uploads blobs before it says that they are its outputs, and may be cut off for days between.
Result<TimeUs> unused_since(store::Store& store, TimeUs latest) {
  MUSTER_TRY_ASSIGN(const auto oldest, store.read([](store::Session& session) -> Result<std::optional<TimeUs>> {
    return store::references::oldest_active(session);
  }));
  return std::min(latest, oldest.value_or(latest));
}

}  // namespace

Json to_json(const Report& report) {
  return {{"running", report.running},
          {"started_at", time_to_json(report.started_at)},
          {"ended_at", time_to_json(report.ended_at)},
          {"runs", report.runs},
          {"snapshots", report.snapshots},
          {"blobs", report.blobs},
          {"blob_bytes", report.blob_bytes},
          {"database_bytes", report.database_bytes},
          {"fault", report.fault.empty() ? Json() : Json(report.fault)}};
}

Housekeeper::Housekeeper(store::Store& store, blob::BlobStore& blobs, store::LogStore& logs, const Clock& clock, Rules rules)
    : store_(store), blobs_(blobs), logs_(logs), clock_(clock), rules_(rules), thread_([this] { serve(); }) {}

Housekeeper::~Housekeeper() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Housekeeper::something_was_removed() {
  {
    const std::lock_guard lock(mutex_);
    removed_ = true;
  }
  wake_.notify_one();
}

void Housekeeper::tidy_now(Deleted deleted) {
  {
    const std::lock_guard lock(mutex_);
    if (report_.running) return;
    now_ = true;
    deleted_ = deleted;
    report_.running = true;
  }
  wake_.notify_one();
}

Report Housekeeper::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

template <typename Change>
void Housekeeper::note(Change&& change) {
  const std::lock_guard lock(mutex_);
  change(report_);
}

bool Housekeeper::stopping() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void Housekeeper::serve() {
  auto from = steady_clock::now();
  auto sooner = rules_.after_start;
  auto later = rules_.after_start;
  for (;;) {
    Deleted deleted = Deleted::keep;
    {
      std::unique_lock lock(mutex_);
      while (!stop_ && !now_ && steady_clock::now() < from + (removed_ ? sooner : later))
        wake_.wait_until(lock, from + (removed_ ? sooner : later));
      if (stop_) return;
      now_ = false;
      removed_ = false;
      deleted = std::exchange(deleted_, Deleted::keep);
    }
    tidy(deleted);
    from = steady_clock::now();
    sooner = rules_.between;
    later = rules_.at_least;
  }
}

Result<void> Housekeeper::remove_runs(TimeUs deleted_before) {
  while (!stopping()) {
    MUSTER_TRY_ASSIGN(const auto next, store_.write([&](store::Session& session) -> Result<std::optional<store::runs::Purged>> {
      return store::runs::next_to_purge(session, deleted_before);
    }));
    if (!next) return {};
    MUSTER_TRY(logs_.remove(next->uuid));
    for (bool gone = false; !gone;) {
      if (stopping()) return {};
      MUSTER_TRY_ASSIGN(
          gone, store_.write([&](store::Session& session) -> Result<bool> { return store::runs::purge(session, next->key, kRowsAtOnce); }));
    }
    note([](Report& report) { ++report.runs; });
  }
  return {};
}

Result<void> Housekeeper::remove_snapshots(TimeUs unused_since) {
  for (std::int64_t removed = kSnapshotsAtOnce; removed == kSnapshotsAtOnce && !stopping();) {
    MUSTER_TRY_ASSIGN(removed, store_.write([&](store::Session& session) -> Result<std::int64_t> {
      return store::references::remove_unused_snapshots(session, unused_since, kSnapshotsAtOnce);
    }));
    note([&](Report& report) { report.snapshots += static_cast<std::uint64_t>(removed); });
  }
  return {};
}

Result<void> Housekeeper::shrink_database() {
  for (std::uint64_t given = 1; given > 0 && !stopping();) {
    MUSTER_TRY_ASSIGN(given, store_.write([](store::Session& session) -> Result<std::uint64_t> { return session.shrink(kBytesAtOnce); }));
    note([&](Report& report) { report.database_bytes += given; });
  }
  return {};
}

void Housekeeper::tidy(Deleted deleted) {
  note([&](Report& report) {
    report = Report{};
    report.running = true;
    report.started_at = clock_.now_us();
  });
  const auto ago = [&](std::chrono::hours time) { return clock_.now_us() - std::chrono::microseconds(time).count(); };
  const auto work = [&]() -> Result<void> {
    MUSTER_TRY(remove_runs(deleted == Deleted::remove ? clock_.now_us() + 1 : ago(rules_.keep_deleted)));
    MUSTER_TRY_ASSIGN(const TimeUs since, unused_since(store_, ago(rules_.keep_unused)));
    MUSTER_TRY(remove_snapshots(since));
    MUSTER_TRY_ASSIGN(const Collected collected, collect_blobs(store_, blobs_, since, [this] { return stopping(); }));
    note([&](Report& report) {
      report.blobs = collected.blobs;
      report.blob_bytes = collected.bytes;
    });
    return shrink_database();
  };
  const Result<void> outcome = work();
  if (!outcome) log::warning("housekeeping", "stopped early: {}", outcome.error().detail);
  note([&](Report& report) {
    report.running = false;
    report.ended_at = clock_.now_us();
    if (!outcome) report.fault = outcome.error().detail;
  });
  const Report done = report();
  if (done.runs + done.snapshots + done.blobs + done.database_bytes > 0)
    log::info("housekeeping", "removed {} deleted runs, {} snapshots and {} blobs ({}); the database gave back {}", done.runs,
              done.snapshots, done.blobs, human_size(done.blob_bytes), human_size(done.database_bytes));
}

}  // namespace muster::housekeeping
