#include "scheduler/run_folders.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/file.h"
#include "model/node_folder_name.h"
#include "scheduler/run_machine.h"
#include "support/event.h"
#include "support/test_store.h"

namespace muster::scheduler {
namespace {

namespace fs = std::filesystem;
using model::RunStatus;

class RunFoldersTest : public ::testing::Test {
 protected:
  RunFoldersTest() {
    const auto after = [this](std::chrono::milliseconds, std::function<void()> task) {
      later_.change([&](auto& tasks) { tasks.push_back(std::move(task)); });
    };
    folders_ = std::make_unique<RunFolders>(root_.path(), store_.store(), after, [this](const fs::path& path) { return remove(path); });
  }

  ~RunFoldersTest() override { folders_->stop(std::chrono::seconds(20)); }  // a removal that has done its work may still be at its end

  /// A run in the store, at this attempt of it, whose only node has this status; and what such an attempt leaves.
  model::Run run(RunStatus status, model::NodeStatus node_status, int attempt = 1) {
    model::Run run = store_.new_run();
    run.status = status;
    run.attempt = attempt;
    model::RunNode node;
    node.status = node_status;
    run.nodes = {node};
    run.key = store_.add(run);
    EXPECT_TRUE(make_folders(node_folder(run) / ".muster"));
    EXPECT_TRUE(write_file(folders_->folder_of(run.run_id, attempt) / "runner_0.log", "words"));
    return run;
  }
  fs::path run_folder(const model::Run& run) const { return root_ / run.run_id; }
  fs::path node_folder(const model::Run& run) const { return folders_->folder_of(run.run_id, run.attempt) / model::node_folder_name(0); }

  static ::testing::AssertionResult goes(const fs::path& path) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (fs::exists(fs::symlink_status(path))) {
      if (std::chrono::steady_clock::now() > deadline) return ::testing::AssertionFailure() << path << " is still there";
      std::this_thread::yield();
    }
    return ::testing::AssertionSuccess();
  }
  /// What was asked for before has been done: another run's folder, asked for last, is gone.
  void all_is_done() {
    const model::Run last = run(RunStatus::completed, model::NodeStatus::done);
    folders_->clean({last.run_id, 1});
    ASSERT_TRUE(goes(run_folder(last)));
  }
  void carry_out_later() {
    ASSERT_TRUE(later_.wait([](const auto& tasks) { return !tasks.empty(); }));
    std::vector<std::function<void()>> tasks;
    later_.change([&](auto& all) { tasks.swap(all); });
    for (const auto& task : tasks) task();
  }

  Result<void> remove(const fs::path& path) {
    if (failures_ > 0) {
      --failures_;
      return fail(Code::storage_failed, "remove {}: Input/output error", path.string());
    }
    return remove_tree(path);
  }

  test::TestStore store_;
  test::TempFolder root_;
  test::Watched<std::vector<std::function<void()>>> later_;
  std::atomic<int> failures_{0};
  std::unique_ptr<RunFolders> folders_;
};

TEST_F(RunFoldersTest, OfAnEndedRunAllGoes) {
  const model::Run over = run(RunStatus::completed, model::NodeStatus::done);
  folders_->clean({over.run_id, 1});
  EXPECT_TRUE(goes(run_folder(over)));
}

TEST_F(RunFoldersTest, OfARunThatGoesOnNothingGoes) {
  const model::Run going = run(RunStatus::finalizing, model::NodeStatus::done);
  folders_->clean({going.run_id, 1});
  all_is_done();
  EXPECT_TRUE(fs::exists(node_folder(going)));
}

TEST_F(RunFoldersTest, AnEarlierAttemptGoesAloneAndTheLastOneTakesTheRunsFolderAlong) {
  model::Run first = run(RunStatus::running, model::NodeStatus::done, 1);
  first.attempt = 2;
  store_.write([&](store::Session& session) { return store::runs::update_state(session, first); });
  const fs::path second = folders_->folder_of(first.run_id, 2);
  folders_->clean({first.run_id, 1});
  EXPECT_TRUE(goes(folders_->folder_of(first.run_id, 1)));
  all_is_done();
  EXPECT_TRUE(fs::exists(run_folder(first))) << "the second attempt may just be starting in it";

  ASSERT_TRUE(make_folders(second));
  first.status = RunStatus::completed;
  store_.write([&](store::Session& session) { return store::runs::update_state(session, first); });
  folders_->clean({first.run_id, 2});
  EXPECT_TRUE(goes(run_folder(first)));
}

TEST_F(RunFoldersTest, WhatWasNotBroughtHomeStays) {
  const model::Run kept = run(RunStatus::canceled, model::NodeStatus::done);
  folders_->keep(kept);
  const model::Run lost = run(RunStatus::failed, model::NodeStatus::lost);
  model::Run given_up = run(RunStatus::failed, model::NodeStatus::done);
  given_up.nodes[0].salvages = kMostSalvages;
  store_.write([&](store::Session& session) { return store::runs::update_state(session, given_up); });
  for (const model::Run& one : {kept, lost, given_up}) folders_->clean({one.run_id, 1});
  all_is_done();
  for (const model::Run& one : {kept, lost, given_up}) {
    EXPECT_TRUE(fs::exists(node_folder(one)));
    EXPECT_TRUE(fs::exists(node_folder(one).parent_path() / "runner_0.log"));
  }
}

TEST_F(RunFoldersTest, WhatCannotBeRemovedNowIsTriedAgain) {
  const model::Run over = run(RunStatus::completed, model::NodeStatus::done);
  failures_ = 2;
  folders_->clean({over.run_id, 1});
  carry_out_later();
  carry_out_later();
  EXPECT_TRUE(goes(run_folder(over)));
}

TEST_F(RunFoldersTest, ButNotForEver) {
  const model::Run over = run(RunStatus::completed, model::NodeStatus::done);
  failures_ = RunFolders::kMostTries;
  folders_->clean({over.run_id, 1});
  for (int tries = 1; tries < RunFolders::kMostTries; ++tries) carry_out_later();
  all_is_done();
  EXPECT_TRUE(later_.get().empty());
  EXPECT_TRUE(fs::exists(node_folder(over)));
}

TEST_F(RunFoldersTest, AServerThatStartsFindsWhateverAKilledOneLeft) {
  const model::Run whole = run(RunStatus::completed, model::NodeStatus::done);
  const model::Run cleaned = run(RunStatus::completed, model::NodeStatus::done);  // killed when all but the last folder was removed
  ASSERT_TRUE(remove_tree(folders_->folder_of(cleaned.run_id, 1)));
  const model::Run never_started = run(RunStatus::canceled, model::NodeStatus::starting);  // only its runner's log is there
  ASSERT_TRUE(remove_tree(node_folder(never_started)));
  const model::Run going = run(RunStatus::running, model::NodeStatus::running);
  const fs::path deleted = root_ / "deleted_run" / "1";  // its row is gone
  ASSERT_TRUE(make_folders(deleted));
  ASSERT_TRUE(write_file(deleted / "runner_0.log", ""));
  const fs::path strange = root_ / "strange" / "1" / "node_0";  // of no run that is known, with something in it
  ASSERT_TRUE(make_folders(strange));
  ASSERT_TRUE(write_file(root_ / "a_file", ""));

  folders_->clean_all();
  for (const model::Run& one : {whole, cleaned, never_started}) EXPECT_TRUE(goes(run_folder(one)));
  EXPECT_TRUE(goes(deleted.parent_path()));
  all_is_done();
  EXPECT_TRUE(fs::exists(node_folder(going)));
  EXPECT_TRUE(fs::exists(strange));
  EXPECT_TRUE(fs::exists(root_ / "a_file"));
}

TEST_F(RunFoldersTest, AServerThatEndsWaitsForNoRemovalForLong) {
  const auto is_reached = std::make_shared<test::Watched<bool>>();
  const auto is_open = std::make_shared<test::Watched<bool>>();
  const auto slow = [is_reached, is_open](const fs::path&) {
    is_reached->set(true);
    is_open->wait_for(true);
    return Result<void>{};
  };
  RunFolders folders(root_.path(), store_.store(), {}, slow);
  const model::Run over = run(RunStatus::completed, model::NodeStatus::done);
  folders.clean({over.run_id, 1});
  ASSERT_TRUE(is_reached->wait_for(true));
  folders.stop(std::chrono::milliseconds(1));
  store_.close();
  is_open->set(true);
}

}  // namespace
}  // namespace muster::scheduler
