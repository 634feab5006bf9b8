// What every engine must do; the worlds that it is tried in are the engines' own tests'.
#include "contract/engine_contract.h"

namespace muster::engine {

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
  const auto times_there = [&] {
    const Words told = told_.all();
    return std::count(told.begin(), told.end(), "there " + keys_of(handle)[0] + "," + keys_of(handle)[1]);
  };
  ASSERT_TRUE(eventually([&] { return times_there() == 1; }));
  restart();
  ASSERT_TRUE(engine_->recover(id_, handle));
  EXPECT_EQ(times_there(), 2) << "said again";
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
