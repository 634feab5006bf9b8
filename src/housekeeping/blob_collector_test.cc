#include "housekeeping/blob_collector.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "model/artifact.h"
#include "store/artifacts.h"
#include "store/snapshots.h"
#include "support/test_store.h"

namespace muster::housekeeping {
namespace {
namespace fs = std::filesystem;

constexpr std::int64_t kHourUs = 3'600'000'000;

class CollectBlobs : public testing::Test {
 protected:
  std::string put(const std::string& bytes, std::chrono::hours unused_for = std::chrono::hours(48)) {
    auto writer = blobs_->create().value();
    EXPECT_TRUE(writer->write(bytes));
    const std::string sha256 = writer->commit().value().sha256;
    const fs::path file = folder_ / "blobs" / "sha256" / sha256.substr(0, 2) / sha256.substr(2);
    fs::last_write_time(file, fs::file_time_type::clock::now() - unused_for);
    return sha256;
  }
  bool there(const std::string& sha256) { return blobs_->open(sha256).has_value(); }
  Collected collect() {
    return collect_blobs(store_.store(), *blobs_, SystemClock().now_us() - 24 * kHourUs, [this] { return stop_; }).value();
  }
  std::int64_t run_with_artifact(const std::string& sha256) {
    const std::int64_t key = store_.add(store_.new_run());
    model::Artifact artifact;
    artifact.path = "outputs/model.pt";
    artifact.sha256 = sha256;
    store_.write([&](store::Session& session) { return store::artifacts::put(session, key, artifact); });
    return key;
  }

  test::TempFolder folder_;
  test::TestStore store_;
  std::unique_ptr<blob::BlobStore> blobs_ = blob::open_local_blob_store((folder_ / "blobs").string()).value();
  bool stop_ = false;
};

TEST_F(CollectBlobs, RemovesWhatNothingRefersTo) {
  const std::string model = put("model");
  run_with_artifact(model);
  const std::string source = put("source");
  model::Snapshot snapshot;
  snapshot.snapshot_id = std::string(64, '1');
  snapshot.files = {{"train.py", 6, source}};
  const std::string manifest = store::snapshots::manifest_of(snapshot);
  store_.write([&](store::Session& session) { return store::snapshots::ensure(session, store_.workspace_key(), snapshot, manifest); });
  const std::string forgotten = put("forgotten");
  const std::string fresh = put("being uploaded", std::chrono::hours(1));

  const Collected collected = collect();
  EXPECT_EQ(collected.blobs, 1u);
  EXPECT_EQ(collected.bytes, 9u);
  EXPECT_FALSE(there(forgotten));
  for (const std::string& kept : {model, source, fresh}) EXPECT_TRUE(there(kept));
  EXPECT_EQ(collect().blobs, 0u);
}

TEST_F(CollectBlobs, StopsBetweenSteps) {
  const std::string forgotten = put("forgotten");
  stop_ = true;
  EXPECT_EQ(collect().blobs, 0u);
  EXPECT_TRUE(there(forgotten));
}

TEST_F(CollectBlobs, ManyAreReferredToAndManyAreNot) {
  std::vector<std::string> kept;
  for (int i = 0; i < 600; ++i) kept.push_back(put(fmt::format("kept {}", i)));
  for (const std::string& one : kept) run_with_artifact(one);
  for (int i = 0; i < 600; ++i) put(fmt::format("forgotten {}", i));
  std::uint64_t removed = 0;
  for (int pass = 0; pass < 5; ++pass) removed += collect().blobs;  // each errs about others
  EXPECT_EQ(removed, 600u);
  for (const std::string& one : kept) ASSERT_TRUE(there(one));
}

TEST_F(CollectBlobs, WhoRefersToABlobThatIsThereKeepsIt) {
  // A client asks whether the server has the blob, and refers to it if so, while it is being collected.
  for (int round = 0; round < 30; ++round) {
    const std::string bytes = fmt::format("asked for {}", round);
    const std::string sha256 = put(bytes);
    std::thread collector([&] { collect(); });
    const bool found = blobs_->has(sha256);
    if (found) run_with_artifact(sha256);
    collector.join();
    EXPECT_EQ(there(sha256), found);
    collect();
    EXPECT_EQ(there(sha256), found);
  }
}

}  // namespace
}  // namespace muster::housekeeping
