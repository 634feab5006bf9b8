#include "store/references.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "model/artifact.h"
#include "store/artifacts.h"
#include "store/datastores.h"
#include "store/models.h"
#include "store/snapshots.h"
#include "support/test_store.h"

namespace muster::store::references {
namespace {

using test::TestStore;

class References : public testing::Test {
 protected:
  /// First letters of all blobs that are referred to, sorted.
  std::string referred(std::int64_t slice = 1'000) {
    std::string letters;
    for (const Owner owner : kOwners) {
      const std::int64_t last = test_.read([&](Session& session) { return newest(session, owner); });
      for (std::int64_t after = 0; after < last; after += slice) {
        test_.read([&](Session& session) {
          each_blob(session, owner, after, after + slice, [&](std::string_view sha256) { letters += sha256[0]; });
        });
      }
    }
    std::sort(letters.begin(), letters.end());
    return letters;
  }

  std::int64_t add_run(const std::optional<std::string>& snapshot_id = std::nullopt, TimeUs created_at = 1) {
    model::Run run = test_.new_run();
    run.spec.snapshot_id = snapshot_id;
    run.created_at = created_at;
    return test_.add(run);
  }
  void end(std::int64_t key) {
    test_.write([&](Session& session) {
      model::Run run = *runs::find(session, key);
      run.status = model::RunStatus::completed;
      return runs::update_state(session, run);
    });
  }
  void add_artifact(std::int64_t run_key, char content) {
    model::Artifact artifact;
    artifact.path = std::string(1, content);
    artifact.sha256 = std::string(64, content);
    test_.write([&](Session& session) { return artifacts::put(session, run_key, artifact); });
  }
  std::string add_snapshot(char content, TimeUs now = 1) {
    model::Snapshot snapshot;
    snapshot.snapshot_id = std::string(64, content);
    snapshot.files = {{"train.py", 5, std::string(64, content)}, {"again.py", 5, std::string(64, content)}};
    snapshot.created_at = now;
    const std::string manifest = snapshots::manifest_of(snapshot);
    test_.write([&](Session& session) { return snapshots::ensure(session, test_.workspace_key(), snapshot, manifest); });
    return snapshot.snapshot_id;
  }
  std::int64_t remove_unused(TimeUs since, int limit = 100) {
    return test_.write([&](Session& session) { return remove_unused_snapshots(session, since, limit); });
  }

  TestStore test_;
};

TEST_F(References, AreThoseOfSnapshotsRunsAndModels) {
  EXPECT_EQ(referred(), "");
  add_artifact(add_run(), 'a');
  add_artifact(add_run(), 'b');
  add_snapshot('c');
  model::ModelVersion version;
  version.name = "birds";
  version.files = {{"model.pt", 5, std::string(64, 'd')}, {"labels.txt", 5, std::string(64, 'e')}};
  test_.write([&](Session& session) { return models::insert(session, test_.workspace_key(), version); });
  EXPECT_EQ(referred(), "abccde");
  EXPECT_EQ(referred(1), "abccde") << "the same in small slices";
  test_.write([&](Session& session) { return models::remove(session, test_.workspace_key(), "birds", 1); });
  EXPECT_EQ(referred(), "abcc");
}

TEST_F(References, ASnapshotStaysWhileARunRefersToItOrSomebodyMay) {
  const std::string used = add_snapshot('a', 10);
  add_run(used);
  add_snapshot('b', 10);
  add_snapshot('c', 90);
  const std::string again = add_snapshot('d', 10);
  add_snapshot('d', 95);  // asked for again
  EXPECT_EQ(remove_unused(50), 1);
  EXPECT_EQ(referred(), "aaccdd");
  test_.read([&](Session& session) { EXPECT_EQ(snapshots::find(session, test_.workspace_key(), again)->created_at, 10); });
  add_snapshot('e', 20);
  add_snapshot('f', 20);
  EXPECT_EQ(remove_unused(50, 1), 1);
  EXPECT_EQ(remove_unused(50, 1), 1);
  EXPECT_EQ(remove_unused(50, 1), 0);
}

TEST_F(References, AFileOfADatastoreStaysAndSoDoesWhatARunGotOfIt) {
  model::DatastoreFile file;
  const auto put = [&](const std::string& path, char content) {
    file.path = path;
    file.sha256 = std::string(64, content);
    test_.write([&](Session& session) { return datastores::put(session, test_.workspace_key(), "store", file); });
  };
  put("a", 'a');
  put("b", 'b');
  put("a", 'c');
  EXPECT_EQ(referred(), "bc") << "what was replaced is not referred to";
  EXPECT_EQ(referred(1), "bc");
  model::RunInputs inputs;
  inputs["data"].snapshot_id = add_snapshot('d', 10);
  const std::int64_t run = add_run();
  test_.write([&](Session& session) { datastores::keep_inputs(session, test_.workspace_key(), run, inputs); });
  EXPECT_EQ(remove_unused(50), 0);
  test_.write([&](Session& session) { session.run("DELETE FROM runs WHERE key = ?", {run}); });
  EXPECT_EQ(remove_unused(50), 1);
}

TEST_F(References, TheOldestActiveRunIsTheOneThatHasNotEnded) {
  const auto oldest = [&] { return test_.read([](Session& session) { return oldest_active(session); }); };
  EXPECT_EQ(oldest(), std::nullopt);
  const std::int64_t first = add_run(std::nullopt, 100);
  add_run(std::nullopt, 200);
  EXPECT_EQ(oldest(), 100);
  end(first);
  EXPECT_EQ(oldest(), 200);
}

}  // namespace
}  // namespace muster::store::references
