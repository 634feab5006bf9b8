#pragma once
// What every engine must do. A room's test gives a world of nodes and instantiates the suite:
//   INSTANTIATE_TEST_SUITE_P(Local, EngineContract, ::testing::Values(subject));
// The runners here play parts; the world knows how they are played on its nodes, and what they did.

#include <gmock/gmock.h>
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
#include "engine/registry.h"
#include "support/fake_engine.h"

namespace muster::engine {

/// The nodes of an engine, which outlive it as a cluster outlives the server.
class EngineWorld {
 public:
  virtual ~EngineWorld() = default;
  virtual std::unique_ptr<Engine> make(Listener listener) = 0;
  /// The command of a runner that takes the next part that is left, says on its standard output that it has begun, and plays it.
  virtual std::vector<std::string> runner() = 0;
  /// Of the next runners that begin, in whatever order they do.
  virtual void set_parts(std::vector<test::Part> parts) = 0;
  /// The runners that wait end.
  virtual void let_go() = 0;
  /// The node keys of all runners that have begun, one for each.
  virtual std::vector<std::string> begun() = 0;
  /// What the runner of that node found in a variable.
  virtual std::string variable(const std::string& key, const std::string& name) = 0;
  virtual std::chrono::seconds patience() { return std::chrono::seconds(20); }  ///< the longest that starting or ending takes
};

struct EngineSubject {
  std::string name;
  std::function<std::unique_ptr<EngineWorld>()> make;
};
inline void PrintTo(const EngineSubject& subject, std::ostream* out) { *out << subject.name; }

/// What an engine has told, in words: "waiting", "coming", "there a,b", "gone a: killed".
class Told {
 public:
  Listener listener(const AttemptId& id) {
    Listener listener;
    listener.waiting = [this, id](const AttemptId& of, const std::string& reason) {
      EXPECT_EQ(of, id);
      EXPECT_NE(reason, "");
      add("waiting", nullptr);
    };
    listener.nodes_coming = [this, id](const AttemptId& of) {
      EXPECT_EQ(of, id);
      add("coming", nullptr);
    };
    listener.nodes_there = [this, id](const AttemptId& of, const std::vector<Node>& nodes) {
      EXPECT_EQ(of, id);
      std::string keys;
      for (const Node& node : nodes) {
        EXPECT_TRUE(is_node_key(node.key)) << node.key;
        EXPECT_NE(node.name, "");
        keys += (keys.empty() ? "" : ",") + node.key;
      }
      add("there " + keys, nullptr);
    };
    listener.node_gone = [this, id](const AttemptId& of, const std::string& key, const Gone& how) {
      EXPECT_EQ(of, id);
      EXPECT_NE(how.words, "");
      add(fmt::format("gone {}: {}", key, to_string(how.kind)), &how);
    };
    return listener;
  }

  std::vector<std::string> all() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }
  std::vector<Gone> losses() const {
    const std::lock_guard lock(mutex_);
    return losses_;
  }
  /// How all nodes so far were lost, sorted, once there are `count`.
  std::vector<std::string> kinds_of_losses(std::size_t count, std::chrono::seconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return losses_.size() >= count; });
    std::vector<std::string> kinds;
    for (const Gone& how : losses_) kinds.emplace_back(to_string(how.kind));
    std::sort(kinds.begin(), kinds.end());
    return kinds;
  }

 private:
  void add(std::string word, const Gone* how) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    if (how != nullptr) losses_.push_back(*how);
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
  std::vector<Gone> losses_;
};

class EngineContract : public ::testing::TestWithParam<EngineSubject> {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    id_ = {"contract_" + random_hex(6), 1};
    world_ = GetParam().make();
    engine_ = world_->make(told_.listener(id_));
    define();
  }
  void TearDown() override {
    for (const Handle& handle : handles_) EXPECT_TRUE(engine_->stop(id_, handle, StopHow::kill));
    engine_.reset();
  }

  /// A server that comes back: the old engine is gone, a new one knows only the handle.
  void restart() {
    engine_.reset();
    engine_ = world_->make(told_.listener(id_));
    define();
  }

  Attempt attempt(int nodes) {
    Attempt attempt;
    attempt.id = id_;
    attempt.target = target_;
    attempt.node_count = nodes;
    attempt.command = world_->runner();
    attempt.variables = {{"GREETING", "hello"}};
    attempt.scratch = std::filesystem::temp_directory_path() / id_.run_id;
    attempt.log_folder = attempt.scratch / "logs";
    if (NodePool* pool = engine_->pool()) {
      const auto granted = pool->grant(name_, {id_.run_id, nodes, 1}, 1);
      EXPECT_TRUE(granted);
      attempt.granted = granted.value_or(std::vector<GrantedNode>{});
    }
    return attempt;
  }
  static Result<void> recorded(const Handle&) { return {}; }

  Handle start(const Attempt& attempt) {
    auto handle = engine_->start(attempt, recorded);
    EXPECT_TRUE(handle) << handle.error().detail;
    if (!handle) return Json::object();
    handles_.push_back(*handle);
    return *handle;
  }
  Handle start(int nodes, std::vector<test::Part> parts) {
    world_->set_parts(std::move(parts));
    return start(attempt(nodes));
  }
  static Words keys_of(const Handle& handle) {
    Words keys;
    for (const auto& [key, node] : handle.items()) keys.push_back(key);
    return keys;
  }

  template <typename Wanted>
  bool eventually(Wanted wanted) {
    const auto deadline = std::chrono::steady_clock::now() + world_->patience();
    while (!wanted()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  bool begin(std::size_t count) {
    return eventually([&] { return world_->begun().size() >= count; });
  }
  Words begun() {
    Words keys = world_->begun();
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  Words lost(std::size_t count) { return told_.kinds_of_losses(count, world_->patience()); }

  std::unique_ptr<EngineWorld> world_;
  AttemptId id_;
  Told told_;
  std::unique_ptr<Engine> engine_;
  std::vector<Handle> handles_;
  model::ComputeTarget target_;
  TargetName name_;

 private:
  void define() {
    target_.workspace = "default";
    target_.name = "cpu";
    target_.max_nodes = 4;
    name_ = {target_.workspace, target_.name};
    if (NodePool* pool = engine_->pool()) pool->define(target_, 0);
  }
};

TEST_P(EngineContract, RunsOneRunnerOnEachNodeWithAKeyOfItsOwn) {
  const Handle handle = start(2, {test::Part::exits, test::Part::exits});
  EXPECT_EQ(lost(2), (Words{"exited", "exited"}));
  EXPECT_EQ(begun(), keys_of(handle)) << "each once";
  for (const std::string& key : begun()) {
    EXPECT_EQ(world_->variable(key, "GREETING"), "hello");
    EXPECT_EQ(world_->variable(key, kNodeKeyVariable), key);
    EXPECT_NE(world_->variable(key, kScratchVariable), "");
  }
}

TEST_P(EngineContract, RunsNothingBeforeTheHandleIsRecorded) {
  world_->set_parts({test::Part::exits});
  Handle seen;
  const auto record = [&](const Handle& handle) -> Result<void> {
    // Long enough for a runner that was let go to show itself.
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    while (std::chrono::steady_clock::now() < until) {
      EXPECT_TRUE(world_->begun().empty());
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    seen = handle;
    return {};
  };
  const auto handle = engine_->start(attempt(1), record);
  ASSERT_TRUE(handle) << handle.error().detail;
  EXPECT_EQ(seen, *handle);
  EXPECT_EQ(lost(1), Words{"exited"});
  EXPECT_EQ(world_->begun().size(), 1U);
}

TEST_P(EngineContract, LeavesNothingWhenTheHandleCannotBeRecorded) {
  Handle seen;
  const auto handle = engine_->start(attempt(2), [&](const Handle& given) -> Result<void> {
    seen = given;
    return fail(Code::disk_full, "no room to remember");
  });
  ASSERT_FALSE(handle);
  EXPECT_EQ(handle.error().code, Code::disk_full);
  EXPECT_TRUE(engine_->stop(id_, seen, StopHow::kill));
  EXPECT_TRUE(world_->begun().empty());
  EXPECT_EQ(told_.all(), Words{}) << "of what never was, nothing is told";
}

TEST_P(EngineContract, StartsAllNodesOrNoneAndNamesWhatIsMissing) {
  Attempt bad = attempt(2);
  bad.command.front() = "/no/such/runner";
  const auto handle = engine_->start(bad, [](const Handle&) {
    ADD_FAILURE() << "a handle was given for no start";
    return Result<void>{};
  });
  ASSERT_FALSE(handle);
  EXPECT_THAT(handle.error().detail, ::testing::HasSubstr("/no/such/runner"));
  EXPECT_TRUE(world_->begun().empty());
  EXPECT_EQ(told_.all(), Words{});
}

TEST_P(EngineContract, TellsThatNodesAreThereBeforeTheyGo) {
  const Handle handle = start(2, {test::Part::exits, test::Part::exits});
  ASSERT_EQ(lost(2).size(), 2U);
  const Words told = told_.all();
  const auto there = std::find_if(told.begin(), told.end(), [](const std::string& word) { return word.starts_with("there "); });
  const auto gone = std::find_if(told.begin(), told.end(), [](const std::string& word) { return word.starts_with("gone "); });
  ASSERT_NE(there, told.end());
  EXPECT_LT(there, gone);
  EXPECT_EQ(*there, "there " + keys_of(handle)[0] + "," + keys_of(handle)[1]);
}

TEST_P(EngineContract, TellsHowARunnerEndedAndItsLastWords) {
  start(2, {test::Part::exits, test::Part::is_killed});
  EXPECT_EQ(lost(2), (Words{"exited", "killed"}));
  for (const Gone& how : told_.losses()) {
    EXPECT_EQ(how.last_words, "begun\n");
    EXPECT_TRUE(how.collectable) << "its node is still there";
  }
}

TEST_P(EngineContract, RunnersOutliveTheServerAndAreTakenUpAgain) {
  const Handle handle = start(2, {test::Part::waits, test::Part::waits});
  ASSERT_TRUE(begin(2));
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  const Words told = told_.all();
  EXPECT_EQ(std::count(told.begin(), told.end(), "there " + keys_of(handle)[0] + "," + keys_of(handle)[1]), 2) << "said again";
  world_->let_go();
  EXPECT_EQ(lost(2).size(), 2U);
  EXPECT_EQ(begun(), keys_of(handle)) << "nothing was started twice";
}

TEST_P(EngineContract, TellsAtOnceOfNodesThatEndedWhileNobodyWatched) {
  const Handle handle = start(1, {test::Part::waits});
  ASSERT_TRUE(begin(1));
  engine_.reset();
  world_->let_go();
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(lost(1).size(), 1U);
}

TEST_P(EngineContract, APoliteStopAsksTheRunners) {
  const Handle handle = start(1, {test::Part::waits});
  ASSERT_TRUE(begin(1));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::polite));
  EXPECT_EQ(lost(1), Words{"exited"});
  EXPECT_TRUE(engine_->stop(id_, handle, StopHow::polite)) << "fine when nothing is left";
}

TEST_P(EngineContract, AKillEndsRunnersThatWouldNot) {
  const Handle handle = start(2, {test::Part::stays, test::Part::stays});
  ASSERT_TRUE(begin(2));
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_EQ(lost(2), (Words{"killed", "killed"}));
  EXPECT_TRUE(engine_->stop(id_, handle, StopHow::kill)) << "fine when nothing is left";
  EXPECT_TRUE(engine_->stop(id_, Json::object(), StopHow::kill)) << "and when nothing was";
}

TEST_P(EngineContract, AKillByTheNextServerNeedsNoRecover) {
  const Handle handle = start(1, {test::Part::stays});
  ASSERT_TRUE(begin(1));
  restart();
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(lost(1).size(), 1U) << "it is gone";
}

TEST_P(EngineContract, AStopOfOneNodeLeavesTheOthers) {
  const Handle handle = start(2, {test::Part::waits, test::Part::waits});
  ASSERT_TRUE(begin(2));
  const std::string key = keys_of(handle)[1];
  ASSERT_TRUE(engine_->stop(id_, Json{{key, handle[key]}}, StopHow::kill));
  EXPECT_EQ(lost(1), Words{"killed"});
  world_->let_go();
  EXPECT_EQ(lost(2), (Words{"exited", "killed"}));
}

TEST_P(EngineContract, AnotherRunnerComesToTheNodeWhereOneWasLost) {
  const Attempt whole = [&] {
    world_->set_parts({test::Part::waits, test::Part::waits, test::Part::exits});
    return attempt(2);
  }();
  const Handle first = start(whole);
  ASSERT_TRUE(begin(2));
  const std::string key = keys_of(first)[1];
  const std::string scratch = world_->variable(key, kScratchVariable);
  ASSERT_TRUE(engine_->stop(id_, Json{{key, first[key]}}, StopHow::kill));
  ASSERT_EQ(lost(1), Words{"killed"});
  Handle seen;
  const auto second = engine_->restart(whole, key, [&](const Handle& handle) {
    seen = handle;
    return Result<void>{};
  });
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(seen, *second);
  EXPECT_EQ(keys_of(*second), Words{key}) << "a handle of this node alone";
  EXPECT_NE((*second)[key], first[key]);
  EXPECT_EQ(lost(2), (Words{"exited", "killed"}));
  EXPECT_EQ(begun(), (Words{keys_of(first)[0], key, key}));
  EXPECT_EQ(world_->variable(key, kScratchVariable), scratch) << "it finds what the other left";
  EXPECT_TRUE(engine_->stop(id_, *second, StopHow::kill));
}

TEST_P(EngineContract, ANodeThatTheAttemptHasNotIsNotStartedAgain) {
  start(1, {test::Part::exits});
  ASSERT_EQ(lost(1).size(), 1U);
  const auto refused = engine_->restart(attempt(1), "elsewhere", recorded);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, ::testing::HasSubstr("elsewhere"));
}

TEST_P(EngineContract, RefusesAHandleThatIsNotItsOwn) {
  EXPECT_FALSE(engine_->recover(id_, Json{{"some", "thing"}}));
  EXPECT_FALSE(engine_->stop(id_, Json::array(), StopHow::kill));
}

TEST_P(EngineContract, AttemptsOfOneRunAreApart) {
  const Handle handle = start(1, {test::Part::waits});
  ASSERT_TRUE(begin(1));
  EXPECT_TRUE(engine_->stop({id_.run_id, 2}, Json::object(), StopHow::kill));
  world_->let_go();
  EXPECT_EQ(lost(1), Words{"exited"});
}

/// For engines with a pool.
class NodePoolContract : public EngineContract {};

TEST_P(NodePoolContract, GivesARunAllItsNodesOrNoneUntilItReleasesThem) {
  NodePool& pool = *engine_->pool();
  EXPECT_EQ(pool.most_nodes(name_), 4);
  const auto first = pool.grant(name_, {"first", 3, 1}, 1);
  ASSERT_TRUE(first);
  ASSERT_EQ(first->size(), 3U);
  for (const GrantedNode& node : *first) EXPECT_TRUE(is_node_key(node.name)) << node.name;
  EXPECT_FALSE(pool.grant(name_, {"second", 2, 2}, 2));
  EXPECT_NE(pool.waiting_words(name_, 2, 0), "");
  pool.release(name_, "first", 3);
  EXPECT_TRUE(pool.grant(name_, {"second", 2, 2}, 4));
}

TEST_P(NodePoolContract, ANodeThatARunHadBeforeARestartIsGivenToNoOther) {
  NodePool& pool = *engine_->pool();
  pool.adopt(name_, "old", {{"cpu-0", ""}, {"cpu-1", ""}, {"cpu-2", ""}}, 1);
  const auto granted = pool.grant(name_, {"new", 1, 1}, 2);
  ASSERT_TRUE(granted);
  EXPECT_THAT(granted->front().name, ::testing::Not(::testing::AnyOf("cpu-0", "cpu-1", "cpu-2")));
  EXPECT_FALSE(pool.grant(name_, {"newer", 1, 2}, 3));
}

TEST_P(NodePoolContract, TheStatusShowsWhoHasANode) {
  NodePool& pool = *engine_->pool();
  const auto granted = pool.grant(name_, {"first", 1, 1}, 1);
  ASSERT_TRUE(granted);
  pool.heard_from(name_, granted->front().name, 2);
  const TargetStatus status = engine_->status(name_);
  ASSERT_EQ(status.nodes.size(), 1U);
  EXPECT_EQ(status.nodes.front().run_id, "first");
  EXPECT_EQ(status.nodes.front().state, "running");
  pool.forget(name_);
  EXPECT_TRUE(engine_->status(name_).nodes.empty());
  EXPECT_EQ(pool.most_nodes(name_), 0);
}

/// For engines that grant nodes themselves, in a world that has none for now.
class WaitingEngineContract : public EngineContract {};

TEST_P(WaitingEngineContract, SaysWhatItWaitsForAndRunsNothing) {
  const Handle handle = start(2, {});
  EXPECT_TRUE(eventually([&] { return told_.all() == Words{"waiting"}; }));
  EXPECT_TRUE(world_->begun().empty());
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_TRUE(eventually([&] { return told_.all() == (Words{"waiting", "waiting"}); })) << "as before";
}

TEST_P(WaitingEngineContract, AKillEndsTheWaiting) {
  const Handle handle = start(1, {});
  ASSERT_TRUE(engine_->stop(id_, handle, StopHow::kill));
  EXPECT_EQ(lost(1).size(), 1U);
  EXPECT_THAT(told_.all().back(), ::testing::StartsWith("gone : ")) << "no node of it ever was";
  EXPECT_TRUE(world_->begun().empty());
}

}  // namespace muster::engine
