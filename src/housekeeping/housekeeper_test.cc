#include "housekeeping/housekeeper.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "store/runs.h"
#include "store/snapshots.h"
#include "support/event.h"
#include "support/test_store.h"

namespace muster::housekeeping {
namespace {
namespace fs = std::filesystem;
using std::chrono::hours;

class HousekeeperTest : public testing::Test {
 protected:
  void start(Rules rules = {}) { housekeeper_.emplace(store_.store(), *blobs_, logs_, clock_, rules); }
  Report wait_for_end() {
    Report report;
    EXPECT_TRUE(test::eventually([&] {
      report = housekeeper_->report();
      return report.ended_at != 0 && !report.running;
    }));
    return report;
  }
  std::string put(const std::string& bytes) {
    auto writer = blobs_->create().value();
    EXPECT_TRUE(writer->write(bytes));
    const std::string sha256 = writer->commit().value().sha256;
    fs::last_write_time(folder_ / "blobs" / "sha256" / sha256.substr(0, 2) / sha256.substr(2),
                        fs::file_time_type::clock::now() - hours(48));
    return sha256;
  }
  std::string add_snapshot(const std::string& blob) {
    model::Snapshot snapshot;
    snapshot.snapshot_id = sha256_hex(blob);
    snapshot.files = {{"train.py", 5, blob}};
    snapshot.created_at = clock_.now_us() - 48 * std::chrono::microseconds(hours(1)).count();
    const std::string manifest = store::snapshots::manifest_of(snapshot);
    store_.write([&](store::Session& session) { return store::snapshots::ensure(session, store_.workspace_key(), snapshot, manifest); });
    return snapshot.snapshot_id;
  }

  SystemClock clock_;
  test::TempFolder folder_;
  test::TestStore store_;
  std::unique_ptr<blob::BlobStore> blobs_ = blob::open_local_blob_store((folder_ / "blobs").string()).value();
  store::LogStore logs_{folder_ / "logs"};
  std::optional<Housekeeper> housekeeper_;
};

TEST_F(HousekeeperTest, RemovesSnapshotsWithoutRunsAndTheirBlobs) {
  start();
  for (int i = 0; i < 45; ++i) add_snapshot(put("source " + std::to_string(i)));
  const std::string used = put("used");
  model::Run run = store_.new_run();
  run.spec.snapshot_id = add_snapshot(used);
  run.status = model::RunStatus::completed;
  store_.add(run);
  housekeeper_->tidy_now();
  const Report report = wait_for_end();
  EXPECT_EQ(report.snapshots, 45u);
  EXPECT_GE(report.blobs, 44u) << "one in 400 may be overlooked";
  EXPECT_EQ(report.fault, "");
  EXPECT_TRUE(blobs_->open(used));
}

TEST_F(HousekeeperTest, RemovesRunsSomeTimeAfterTheyWereDeletedOrAtOnce) {
  start();
  const auto add = [&](TimeUs deleted_at) {
    model::Run run = store_.new_run();
    run.status = model::RunStatus::completed;
    const std::int64_t key = store_.add(run);
    EXPECT_TRUE(logs_.append({run.uuid, 1, 0, "logs/a"}, 0, "line\n", 1, std::nullopt));
    if (deleted_at != 0) store_.write([&](store::Session& session) { return store::runs::mark_deleted(session, key, deleted_at); });
    return std::pair(key, run.uuid);
  };
  const TimeUs now = clock_.now_us();
  const auto kept = add(0);
  const auto recent = add(now - std::chrono::microseconds(hours(24)).count());
  const auto old = add(now - std::chrono::microseconds(hours(8 * 24)).count());
  const auto there = [&](const std::pair<std::int64_t, std::string>& run) {
    const bool row = store_.read([&](store::Session& session) { return store::runs::find(session, run.first).has_value(); });
    EXPECT_EQ(logs_.list(run.second).value().size(), row ? 1u : 0u);
    return row;
  };
  housekeeper_->tidy_now();
  EXPECT_EQ(wait_for_end().runs, 1u);
  EXPECT_TRUE(there(kept) && there(recent) && !there(old));
  housekeeper_->tidy_now(Housekeeper::Deleted::remove);
  ASSERT_TRUE(test::eventually([&] { return !housekeeper_->report().running; }));
  EXPECT_EQ(housekeeper_->report().runs, 1u);
  EXPECT_TRUE(there(kept) && !there(recent));
}

TEST_F(HousekeeperTest, WhatCameSinceTheOldestActiveRunStays) {
  start();
  model::Run run = store_.new_run();
  run.created_at = clock_.now_us() - std::chrono::microseconds(hours(72)).count();
  store_.add(run);
  const std::string uploaded = put("of an output whose node is cut off");
  housekeeper_->tidy_now();
  EXPECT_EQ(wait_for_end().blobs, 0u);
  EXPECT_TRUE(blobs_->open(uploaded));
}

TEST_F(HousekeeperTest, BeginsByItselfSoonerWhenSomethingWasRemoved) {
  Rules rules;
  rules.after_start = std::chrono::milliseconds(1);
  rules.between = std::chrono::milliseconds(1);
  start(rules);
  wait_for_end();
  const std::string forgotten = put("forgotten");
  housekeeper_->something_was_removed();
  EXPECT_TRUE(test::eventually([&] { return !blobs_->open(forgotten); }));
}

TEST_F(HousekeeperTest, GivesTheDatabasesSpaceBack) {
  start();
  store_.write([](store::Session& session) {
    session.run("CREATE TABLE large (bytes BLOB)", {});
    const std::string piece(4000, 'x');
    for (int i = 0; i < 1000; ++i) session.run("INSERT INTO large VALUES (?)", {store::Blob{piece}});
    session.run("DELETE FROM large", {});
  });
  housekeeper_->tidy_now();
  EXPECT_GT(wait_for_end().database_bytes, 3'900'000u);
}

TEST_F(HousekeeperTest, SaysWhyItEndedEarlyAndGoesOnNextTime) {
  start();
  fs::remove_all(folder_ / "blobs" / "sha256");
  ASSERT_TRUE(write_file(folder_ / "blobs" / "sha256", "in the way"));
  housekeeper_->tidy_now();
  EXPECT_NE(wait_for_end().fault, "");
  fs::remove(folder_ / "blobs" / "sha256");
  housekeeper_->tidy_now();
  EXPECT_TRUE(test::eventually([&] { return !housekeeper_->report().running; }));
  EXPECT_EQ(housekeeper_->report().fault, "");
}

}  // namespace
}  // namespace muster::housekeeping
