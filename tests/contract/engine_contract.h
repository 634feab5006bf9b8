#pragma once
// What every engine must do. A room's test gives a subject and instantiates the suite:
//   INSTANTIATE_TEST_SUITE_P(Local, EngineContract, ::testing::Values(subject));
// The runners here are small shell scripts; they talk through files in a folder that all nodes see.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/id.h"
#include "engine/engine.h"

namespace muster::engine {

struct EngineSubject {
  std::string name;
  std::function<std::unique_ptr<Engine>(Listener)> make;
  std::filesystem::path shared_folder;  ///< seen by all its nodes
  std::chrono::seconds patience{20};    ///< the longest that starting or ending takes on it
};

inline void PrintTo(const EngineSubject& subject, std::ostream* out) { *out << subject.name; }

class EngineContract : public ::testing::TestWithParam<EngineSubject> {
 protected:
  void SetUp() override {
    folder_ = GetParam().shared_folder / ("engine-" + random_hex(6));
    ASSERT_TRUE(make_folders(folder_));
    id_ = {"contract_" + random_hex(6), 1};
    engine_ = make();
  }
  void TearDown() override {
    for (const Handle& handle : handles_) EXPECT_TRUE(engine_->stop(id_, handle, StopHow::kill));
    engine_.reset();
    EXPECT_TRUE(remove_tree(folder_));
  }

  std::unique_ptr<Engine> make() {
    Listener listener;
    listener.node_gone = [this](const AttemptId& id, int node_rank, const std::string& how) {
      const std::lock_guard lock(mutex_);
      EXPECT_EQ(id, id_);
      gone_.emplace_back(node_rank, how);
      changed_.notify_all();
    };
    return GetParam().make(std::move(listener));
  }

  /// A server that comes back: the old engine is gone, a new one knows only the handle.
  void restart() {
    engine_.reset();
    engine_ = make();
  }

  NodeStart node(int rank, const std::string& script) {
    NodeStart start;
    start.node_rank = rank;
    start.node_id = "node-" + std::to_string(rank);
    start.command = {"/bin/sh", "-c", script, "runner", folder_.string()};
    start.variables = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"GREETING", "hello"}};
    start.log = folder_ / ("runner-" + std::to_string(rank) + ".log");
    return start;
  }

  Handle start(const std::vector<NodeStart>& nodes) {
    auto handle = engine_->start(id_, nodes, [](const Handle&) { return Result<void>{}; });
    EXPECT_TRUE(handle) << handle.error().detail;
    if (!handle) return {};
    handles_.push_back(*handle);
    return *handle;
  }

  template <typename Wanted>
  bool eventually(Wanted wanted) {
    const auto deadline = std::chrono::steady_clock::now() + GetParam().patience;
    while (!wanted()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  std::string text(const std::string& file) { return read_file(folder_ / file).value_or(""); }
  bool wait_for_text(const std::string& file, const std::string& wanted) {
    return eventually([&] { return text(file) == wanted; });
  }
  /// "rank: how" of every node told gone so far, once there are `count`, sorted.
  std::vector<std::string> wait_for_gone(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, GetParam().patience, [&] { return gone_.size() >= count; });
    std::vector<std::string> words;
    for (const auto& [rank, how] : gone_) words.push_back(fmt::format("{}: {}", rank, how));
    std::sort(words.begin(), words.end());
    return words;
  }

  std::filesystem::path folder_;
  AttemptId id_;
  std::unique_ptr<Engine> engine_;
  std::vector<Handle> handles_;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::pair<int, std::string>> gone_;
};

using Words = std::vector<std::string>;

TEST_P(EngineContract, RunsEachNodeOnceWithItsVariablesAndItsLog) {
  start({node(0, "echo $GREETING from 0; echo fault >&2; echo x >> $1/ran-0"), node(1, "echo $GREETING from 1; echo x >> $1/ran-1")});
  EXPECT_EQ(wait_for_gone(2), (Words{"0: exit code 0", "1: exit code 0"}));
  EXPECT_EQ(text("runner-0.log"), "hello from 0\nfault\n");
  EXPECT_EQ(text("runner-1.log"), "hello from 1\n");
  EXPECT_EQ(text("ran-0"), "x\n");
  EXPECT_EQ(text("ran-1"), "x\n");
}

TEST_P(EngineContract, RunsNothingBeforeTheHandleIsRecorded) {
  Handle recorded;
  auto handle = engine_->start(id_, {node(0, "echo x > $1/ran")}, [&](const Handle& given) -> Result<void> {
    // Long enough for a runner that was let go to show itself.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    while (std::chrono::steady_clock::now() < until) {
      EXPECT_EQ(text("ran"), "");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    recorded = given;
    return {};
  });
  ASSERT_TRUE(handle) << handle.error().detail;
  EXPECT_EQ(recorded, *handle);
  EXPECT_TRUE(wait_for_text("ran", "x\n"));
  EXPECT_EQ(wait_for_gone(1).size(), 1U);
}

TEST_P(EngineContract, LeavesNothingRunningWhenTheHandleCannotBeRecorded) {
  Handle seen;
  const auto handle =
      engine_->start(id_, {node(0, "echo x > $1/ran"), node(1, "echo x > $1/ran")}, [&](const Handle& given) -> Result<void> {
        seen = given;
        return fail(Code::disk_full, "no room to remember");
      });
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().code, Code::disk_full);
  EXPECT_TRUE(engine_->stop(id_, seen, StopHow::kill));
  EXPECT_EQ(text("ran"), "");
}

TEST_P(EngineContract, StartsAllNodesOrNone) {
  NodeStart bad = node(1, "true");
  bad.command[0] = (folder_ / "no-such-runner").string();
  const auto handle = engine_->start(id_, {node(0, "echo x > $1/ran"), bad}, [](const Handle&) {
    ADD_FAILURE() << "a handle was given for half a start";
    return Result<void>{};
  });
  ASSERT_FALSE(handle);
  EXPECT_NE(handle.error().detail.find("no-such-runner"), std::string::npos) << handle.error().detail;
  EXPECT_EQ(text("ran"), "");
}

TEST_P(EngineContract, TellsHowARunnerEnded) {
  start({node(0, "exit 3"), node(1, "kill -KILL $$")});
  EXPECT_EQ(wait_for_gone(2), (Words{"0: exit code 3", "1: SIGKILL"}));
}

TEST_P(EngineContract, RunnersOutliveTheServerAndAreTakenUpAgain) {
  const Handle handle = start({node(0, "echo x > $1/here; while [ ! -e $1/go ]; do sleep 0.02; done")});
  ASSERT_TRUE(wait_for_text("here", "x\n"));
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  ASSERT_TRUE(write_file(folder_ / "go", "", 0644, Durable::no));
  EXPECT_EQ(wait_for_gone(1).size(), 1U);
}

TEST_P(EngineContract, TellsAtOnceOfNodesThatEndedWhileNobodyWatched) {
  const Handle handle = start({node(0, "while [ ! -e $1/go ]; do sleep 0.02; done; echo x > $1/ended")});
  restart();
  ASSERT_TRUE(write_file(folder_ / "go", "", 0644, Durable::no));
  ASSERT_TRUE(wait_for_text("ended", "x\n"));
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(wait_for_gone(1).size(), 1U);
}

TEST_P(EngineContract, APoliteStopAsksTheRunner) {
  const std::string script = "trap 'echo asked > $1/asked; exit 0' TERM; echo x > $1/here; while :; do sleep 0.02; done";
  const Handle handle = start({node(0, script)});
  ASSERT_TRUE(wait_for_text("here", "x\n"));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::polite));
  EXPECT_EQ(wait_for_gone(1), Words{"0: exit code 0"});
  EXPECT_EQ(text("asked"), "asked\n");
  EXPECT_TRUE(engine_->stop(id_, handle, StopHow::polite));  // fine when nothing is left
}

TEST_P(EngineContract, AKillEndsRunnersThatWouldNot) {
  const std::string script = "trap '' TERM; echo x > $1/here-$2; while :; do sleep 0.02; done";
  NodeStart first = node(0, script);
  NodeStart second = node(1, script);
  first.command.push_back("0");
  second.command.push_back("1");
  const Handle handle = start({first, second});
  ASSERT_TRUE(wait_for_text("here-0", "x\n"));
  ASSERT_TRUE(wait_for_text("here-1", "x\n"));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_EQ(wait_for_gone(2), (Words{"0: SIGKILL", "1: SIGKILL"}));
  EXPECT_TRUE(engine_->stop(id_, handle, StopHow::kill));
}

TEST_P(EngineContract, APartOfAnAttemptMayBeStartedAgain) {
  const Handle first = start({node(0, "exit 0"), node(1, "kill -KILL $$")});
  ASSERT_EQ(wait_for_gone(2).size(), 2U);
  const Handle second = start({node(1, "echo again > $1/again")});
  EXPECT_EQ(wait_for_gone(3), (Words{"0: exit code 0", "1: SIGKILL", "1: exit code 0"}));
  EXPECT_EQ(text("again"), "again\n");
  EXPECT_TRUE(engine_->stop(id_, first, StopHow::kill));
  EXPECT_TRUE(engine_->stop(id_, second, StopHow::kill));
}

TEST_P(EngineContract, RefusesAHandleThatIsNotItsOwn) {
  EXPECT_FALSE(engine_->recover(id_, Json{{"some", "thing"}}));
  EXPECT_FALSE(engine_->stop(id_, Json::array(), StopHow::kill));
}

}  // namespace muster::engine
