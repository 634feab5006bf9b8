#include "scheduler/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/local/local_pool.h"

namespace muster::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TargetName kPair{"default", "pair"};
const TargetName kCloud{"default", "cloud"};

class TargetsTest : public ::testing::Test {
 protected:
  TargetsTest() {
    define("pair", "local", 2);
    define("cloud", "grid", 2);
  }
  std::vector<std::string> define(const std::string& name, const std::string& engine, int max_nodes) {
    model::ComputeTarget target;
    target.workspace = "default";
    target.name = name;
    target.engine = engine;
    target.max_nodes = max_nodes;
    return targets_.define(target, 0);
  }
  /// Made one after the other.
  model::Run run(const std::string& target, int nodes = 1) {
    model::Run run;
    run.key = ++runs_;
    run.run_id = "birds_" + std::to_string(runs_);
    run.workspace = "default";
    run.created_at = runs_;
    run.spec.experiment = "birds";
    run.spec.compute_target = target;
    run.spec.node_count = nodes;
    return run;
  }
  std::string next(const TargetName& target) {
    const auto granted = targets_.grant_next(target, 0);
    return granted ? granted->run_id : "";
  }

  engine::LocalPool pool_{engine::LocalOptions{1, {"0", "1"}}};
  Targets targets_{[this](const std::string& kind) -> engine::NodePool* { return kind == "local" ? &pool_ : nullptr; }};
  int runs_ = 0;
};

TEST_F(TargetsTest, TheNextInLineIsGivenItsNodesByThePool) {
  const model::Run first = run("pair", 2);
  const model::Run second = run("pair");
  EXPECT_TRUE(targets_.enqueue(first));
  EXPECT_TRUE(targets_.enqueue(second));
  const auto granted = targets_.grant_next(kPair, 0);
  ASSERT_TRUE(granted);
  EXPECT_EQ(granted->run_id, first.run_id);
  ASSERT_EQ(granted->nodes.size(), 2U);
  EXPECT_EQ(granted->nodes[1].name, "pair-1");
  EXPECT_EQ(granted->nodes[1].gpus, "1");
  EXPECT_EQ(next(kPair), "");
  EXPECT_EQ(targets_.queued_runs(kPair), 1);
  EXPECT_THAT(targets_.waiting_words(second), HasSubstr("waiting for a node of pair: 0 of at most 2 are free"));
  targets_.release(first, 0);
  EXPECT_EQ(next(kPair), second.run_id);
}

TEST_F(TargetsTest, ARunForAnEngineThatGrantsNodesItselfWaitsInNoQueue) {
  EXPECT_FALSE(targets_.enqueue(run("cloud", 50)));
  EXPECT_TRUE(targets_.engine_grants_nodes(kCloud));
  EXPECT_FALSE(targets_.engine_grants_nodes(kPair));
  EXPECT_EQ(targets_.queued_runs(kCloud), 0);
  EXPECT_EQ(next(kCloud), "");
}

TEST_F(TargetsTest, ARunTooLargeForItsTargetWaitsBesideTheQueue) {
  const model::Run large = run("pair", 2);
  targets_.enqueue(large);
  EXPECT_THAT(define("pair", "local", 1), ElementsAre(large.run_id));
  EXPECT_THAT(targets_.waiting_words(large), HasSubstr("has at most 1 node now"));
  const model::Run small = run("pair");
  targets_.enqueue(small);
  EXPECT_EQ(next(kPair), small.run_id);
  targets_.release(small, 0);
  EXPECT_THAT(define("pair", "local", 2), ElementsAre(large.run_id));
  EXPECT_EQ(next(kPair), large.run_id);
}

TEST_F(TargetsTest, ARunThatLeavesHoldsBackNoOther) {
  define("whole", "local", 1);
  const model::Run holder = run("pair");
  targets_.enqueue(holder);
  EXPECT_EQ(next(kPair), holder.run_id);
  const model::Run wants_all = run("whole");
  targets_.enqueue(wants_all);
  EXPECT_EQ(next({"default", "whole"}), "");
  EXPECT_THAT(targets_.waiting_for_others(), ElementsAre(TargetName{"default", "whole"}));
  targets_.leave(wants_all);
  EXPECT_THAT(targets_.waiting_for_others(), IsEmpty());
  const model::Run other = run("pair");
  targets_.enqueue(other);
  EXPECT_EQ(next(kPair), other.run_id);
}

TEST_F(TargetsTest, WhatARunHadBeforeARestartIsTaken) {
  model::Run old = run("pair");
  old.nodes.emplace_back();
  old.nodes[0].host = "pair-0";
  old.nodes[0].gpus = "0";
  targets_.adopt(old, 0);
  targets_.enqueue(run("pair"));
  const auto granted = targets_.grant_next(kPair, 0);
  ASSERT_TRUE(granted);
  EXPECT_EQ(granted->nodes[0].name, "pair-1");
  EXPECT_EQ(granted->nodes[0].gpus, "1");
}

TEST_F(TargetsTest, ADeletedTargetIsNamedToWhoWaitsForIt) {
  targets_.forget(kPair);
  EXPECT_TRUE(targets_.enqueue(run("pair")));
  EXPECT_THAT(targets_.waiting_words(run("pair")), HasSubstr("pair, which was deleted"));
  EXPECT_FALSE(targets_.definition(kPair));
}

}  // namespace
}  // namespace muster::scheduler
