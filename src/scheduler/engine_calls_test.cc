#include "scheduler/engine_calls.h"

#include <gtest/gtest.h>

#include <optional>

#include "support/event.h"
#include "support/fake_engine.h"
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

  engine::Attempt attempt(const std::string& kind) {
    engine::Attempt attempt;
    attempt.id = {run_.run_id, 1};
    attempt.target.engine = kind;
    attempt.granted = {{"node-0", ""}};
    attempt.command = {"/bin/true"};
    return attempt;
  }
  Result<void> start(const std::string& kind = "local") {
    return answer([&](const EngineCalls::Answer& then) { calls_.start(run_, attempt(kind), then); });
  }
  Result<void> restart() {
    return answer([&](const EngineCalls::Answer& then) { calls_.restart(run_, attempt("local"), "node-0", then); });
  }
  Result<void> kill(const EngineCalls::Meant& meant) {
    return answer([&](const EngineCalls::Answer& then) { calls_.stop(run_, {{"node-0"}}, engine::StopHow::kill, then, meant); });
  }

  test::TestStore store_;
  test::FakeNodes nodes_;
  test::FakeNodes other_;
  engine::Registry engines_ = [this] {
    engine::Registry both = nodes_.registry();
    engine::EngineKind grid = *other_.registry().find("local");
    grid.kind = "grid";
    both.add(grid);
    return both;
  }();
  model::Run run_;
  EngineCalls calls_{engines_, quiet(), store_.store(), [](const std::function<void()>& task) { task(); }};

  static engine::Listener quiet() {
    engine::Listener listener;
    listener.waiting = [](const engine::AttemptId&, const std::string&) {};
    listener.nodes_coming = [](const engine::AttemptId&) {};
    listener.nodes_there = [](const engine::AttemptId&, const std::vector<engine::Node>&) {};
    listener.node_gone = [](const engine::AttemptId&, const std::string&, const engine::Gone&) {};
    return listener;
  }

  static Result<void> answer(const std::function<void(const EngineCalls::Answer&)>& call) {
    const auto answered = std::make_shared<test::Watched<std::optional<Result<void>>>>();
    call([answered](const Result<void>& outcome) { answered->set(outcome); });
    EXPECT_TRUE(answered->wait([](const auto& outcome) { return outcome.has_value(); }));
    return answered->get().value_or(fail(Code::timeout, "no answer"));
  }
};

TEST_F(EngineCallsTest, AKillThatIsTriedAgainDoesNotMeetTheRunnerThatCameAfter) {
  ASSERT_TRUE(start());
  nodes_.refuse_stops.set(1);
  const auto meant = EngineCalls::as_started_now();
  ASSERT_FALSE(kill(meant));
  ASSERT_TRUE(restart());
  EXPECT_TRUE(kill(meant)) << "what was meant has been replaced, and is gone";
  EXPECT_TRUE(nodes_.stopped_handles.get().empty());

  ASSERT_TRUE(kill(EngineCalls::as_started_now()));
  EXPECT_EQ(nodes_.stopped_handles.get().back()["node-0"]["start"], 2);
}

TEST_F(EngineCallsTest, AKillThatIsTriedAgainMeetsWhatItMeant) {
  ASSERT_TRUE(start());
  nodes_.refuse_stops.set(1);
  const auto meant = EngineCalls::as_started_now();
  ASSERT_FALSE(kill(meant));
  EXPECT_TRUE(kill(meant));
  EXPECT_EQ(nodes_.stopped_handles.get().back()["node-0"]["start"], 1);
}

TEST_F(EngineCallsTest, WhatAnEngineStartedIsAskedOfThatEngine) {
  ASSERT_TRUE(start("grid"));
  EXPECT_TRUE(nodes_.starts.get().empty());
  EXPECT_EQ(other_.starts.get().size(), 1U);
  ASSERT_TRUE(kill(EngineCalls::as_started_now()));
  EXPECT_TRUE(nodes_.stops.get().empty());
  EXPECT_EQ(other_.stops.get().size(), 1U);
  ASSERT_TRUE(answer([&](const EngineCalls::Answer& then) { calls_.recover(run_, then); }));
  EXPECT_EQ(other_.recovered.get().size(), 1U);
}

TEST_F(EngineCallsTest, AnEngineThatTheServerHasNoMoreIsNamed) {
  const auto started = start("slurm");
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().detail, "this server has no engine 'slurm'");
}

}  // namespace
}  // namespace muster::scheduler
