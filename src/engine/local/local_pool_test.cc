#include "engine/local/local_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TargetName at(const std::string& target) { return {"default", target}; }

class LocalPoolTest : public ::testing::Test {
 protected:
  static LocalPool pool_of(int runs_at_once, std::vector<std::string> gpus = {}) {
    return LocalPool(LocalOptions{runs_at_once, std::move(gpus)});
  }
  static void define(LocalPool& pool, const std::string& name, int max_nodes = 0) {
    model::ComputeTarget target;
    target.workspace = "default";
    target.name = name;
    target.type = max_nodes == 0 ? "local" : "cluster";
    target.max_nodes = max_nodes;
    pool.define(target, 0);
  }
  /// The GPUs that the run's nodes are given; "waits" when it is not given any node. Runs are submitted in the order of their numbers.
  static std::vector<std::string> granted(LocalPool& pool, const std::string& target, int run, int nodes = 1) {
    const auto given = pool.grant(at(target), {name(run), nodes, run}, 0);
    std::vector<std::string> gpus;
    for (const GrantedNode& node : given.value_or(std::vector<GrantedNode>{{"", "waits"}})) gpus.push_back(node.gpus);
    return gpus;
  }
  static std::string name(int run) { return "birds_" + std::to_string(run); }
};

TEST_F(LocalPoolTest, EachRunOnLocalHasItsShareOfTheGpus) {
  LocalPool pool = pool_of(2, {"0", "1", "2", "3"});
  define(pool, "local");
  EXPECT_THAT(granted(pool, "local", 1), ElementsAre("0,1"));
  EXPECT_THAT(granted(pool, "local", 2, 2), ElementsAre("2", "3")) << "a run's share is divided over its nodes";
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("waits"));
  pool.release(at("local"), name(1), 0);
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("0,1"));
}

TEST_F(LocalPoolTest, MoreRunsAtOnceThanGpusLeavesSomeWithout) {
  LocalPool pool = pool_of(3, {"0"});
  define(pool, "local");
  EXPECT_THAT(granted(pool, "local", 1), ElementsAre("0"));
  EXPECT_THAT(granted(pool, "local", 2), ElementsAre(""));
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre(""));
  pool.release(at("local"), name(1), 0);
  EXPECT_THAT(granted(pool, "local", 4), ElementsAre("0"));
}

TEST_F(LocalPoolTest, AClustersNodesDivideTheMachine) {
  LocalPool pool = pool_of(1, {"0", "1", "2"});
  define(pool, "pair", 2);
  EXPECT_THAT(granted(pool, "pair", 1, 2), ElementsAre("0,1", "2"));
}

TEST_F(LocalPoolTest, NodesBeyondTheGpusHaveNone) {
  LocalPool pool = pool_of(1, {"0", "1"});
  define(pool, "four", 4);
  EXPECT_THAT(granted(pool, "four", 1, 4), ElementsAre("0", "1", "", ""));
}

TEST_F(LocalPoolTest, TargetsOfOneMachineNeverShareAGpu) {
  LocalPool pool = pool_of(2, {"0", "1"});
  define(pool, "local");
  define(pool, "whole", 1);
  EXPECT_THAT(granted(pool, "local", 1), ElementsAre("0"));
  EXPECT_THAT(granted(pool, "whole", 2), ElementsAre("waits"));
  EXPECT_THAT(pool.waiting_words(at("whole"), 1, 0), HasSubstr("waiting for GPUs"));
  EXPECT_THAT(pool.waiting_for_others(), ElementsAre(at("whole")));

  // A younger run may not take what the older one waits for.
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("waits"));
  EXPECT_THAT(pool.waiting_for_others(), ElementsAre(at("whole"), at("local")));
  pool.release(at("local"), name(1), 0);
  EXPECT_THAT(granted(pool, "whole", 2), ElementsAre("0,1"));
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("waits"));
  pool.release(at("whole"), name(2), 0);
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("0"));
  EXPECT_THAT(pool.waiting_for_others(), IsEmpty());
}

TEST_F(LocalPoolTest, ARunThatWaitsNoMoreHoldsBackNoOther) {
  LocalPool pool = pool_of(2, {"0", "1"});
  define(pool, "local");
  define(pool, "whole", 1);
  EXPECT_THAT(granted(pool, "local", 1), ElementsAre("0"));
  EXPECT_THAT(granted(pool, "whole", 2), ElementsAre("waits"));
  pool.withdraw(at("whole"), name(2));
  EXPECT_THAT(granted(pool, "local", 3), ElementsAre("1"));
}

TEST_F(LocalPoolTest, AfterARestartARunStillHasItsGpus) {
  LocalPool pool = pool_of(2, {"0", "1"});
  define(pool, "local");
  pool.adopt(at("local"), "birds_old", {{"local-0", "0"}}, 0);
  EXPECT_THAT(granted(pool, "local", 1), ElementsAre("1"));
}

TEST_F(LocalPoolTest, WithoutGpusNothingIsGivenOrWaitedFor) {
  LocalPool pool = pool_of(1);
  define(pool, "two", 2);
  EXPECT_THAT(granted(pool, "two", 1, 2), ElementsAre("", ""));
}

TEST_F(LocalPoolTest, AllNodesOfARunOrNone) {
  LocalPool pool = pool_of(1);
  define(pool, "two", 2);
  EXPECT_EQ(pool.most_nodes(at("two")), 2);
  EXPECT_THAT(granted(pool, "two", 1), ElementsAre(""));
  EXPECT_THAT(granted(pool, "two", 2, 2), ElementsAre("waits"));
  EXPECT_THAT(pool.waiting_words(at("two"), 2, 1), HasSubstr("waiting for 2 nodes of two: 1 of at most 2 is free; 1 more run is waiting"));
}

}  // namespace
}  // namespace muster::engine
