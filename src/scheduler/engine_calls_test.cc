#include "scheduler/engine_calls.h"

#include <gtest/gtest.h>

#include <optional>

#include "support/event.h"
#include "support/scripted_engine.h"
#include "support/test_store.h"

namespace muster::scheduler {
namespace {

class EngineCallsTest : public ::testing::Test {
 protected:
  EngineCallsTest() {
    run_ = store_.new_run();
    run_.nodes.resize(1);
    run_.key = store_.add(run_);
  }

  Result<void> start(const std::string& node_id, const std::string& kind = "local") {
    engine::NodeStart node;
    node.node_id = node_id;
    return answer([&](const EngineCalls::Answer& then) { calls_.start(run_, kind, {node}, then); });
  }
  Result<void> kill(const EngineCalls::Meant& meant) {
    return answer([&](const EngineCalls::Answer& then) { calls_.stop(run_, {0}, engine::StopHow::kill, then, meant); });
  }

  test::TestStore store_;
  test::EngineScript script_;
  test::EngineScript other_;
  engine::Registry engines_ = [this] {
    engine::Registry both = script_.registry();
    engine::EngineKind grid = *other_.registry().find("local");
    grid.kind = "grid";
    both.add(grid);
    return both;
  }();
  model::Run run_;
  EngineCalls calls_{
      engines_, {[](const engine::AttemptId&, int, const std::string&) {}}, store_.store(), [](const std::function<void()>& task) {
        task();
      }};

  static Result<void> answer(const std::function<void(const EngineCalls::Answer&)>& call) {
    const auto answered = std::make_shared<test::Watched<std::optional<Result<void>>>>();
    call([answered](const Result<void>& outcome) { answered->set(outcome); });
    EXPECT_TRUE(answered->wait([](const auto& outcome) { return outcome.has_value(); }));
    return answered->get().value_or(fail(Code::timeout, "no answer"));
  }
};

TEST_F(EngineCallsTest, AKillThatIsTriedAgainDoesNotMeetTheRunnerThatCameAfter) {
  ASSERT_TRUE(start("first"));
  script_.refuse_stops.set(1);
  const auto meant = EngineCalls::as_started_now();
  ASSERT_FALSE(kill(meant));
  ASSERT_TRUE(start("its successor"));
  EXPECT_TRUE(kill(meant)) << "what was meant has been replaced, and is gone";
  EXPECT_TRUE(script_.stopped_handles.get().empty());

  ASSERT_TRUE(kill(EngineCalls::as_started_now()));
  EXPECT_EQ(script_.stopped_handles.get().back()["0"]["start"], "its successor");
}

TEST_F(EngineCallsTest, AKillThatIsTriedAgainMeetsWhatItMeant) {
  ASSERT_TRUE(start("first"));
  script_.refuse_stops.set(1);
  const auto meant = EngineCalls::as_started_now();
  ASSERT_FALSE(kill(meant));
  EXPECT_TRUE(kill(meant));
  EXPECT_EQ(script_.stopped_handles.get().back()["0"]["start"], "first");
}

TEST_F(EngineCallsTest, WhatAnEngineStartedIsAskedOfThatEngine) {
  ASSERT_TRUE(start("a node", "grid"));
  EXPECT_TRUE(script_.starts.get().empty());
  EXPECT_EQ(other_.starts.get().size(), 1U);
  ASSERT_TRUE(kill(EngineCalls::as_started_now()));
  EXPECT_TRUE(script_.stops.get().empty());
  EXPECT_EQ(other_.stops.get().size(), 1U);
  ASSERT_TRUE(answer([&](const EngineCalls::Answer& then) { calls_.recover(run_, then); }));
  EXPECT_EQ(other_.recovered.get().size(), 1U);
}

TEST_F(EngineCallsTest, AnEngineThatTheServerHasNoMoreIsNamed) {
  const auto started = start("a node", "slurm");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().detail, "this server has no engine 'slurm'");
}

}  // namespace
}  // namespace muster::scheduler
