#include "scheduler/targets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kWorkspace = "default";

class TargetsTest : public ::testing::Test {
 protected:
  void define(Targets& targets, const std::string& name, int max_nodes = 0) {
    model::ComputeTarget target;
    target.workspace = kWorkspace;
    target.name = name;
    target.type = max_nodes == 0 ? "local" : "cluster";
    target.max_nodes = max_nodes;
    targets.define(target, 0);
  }
  /// Submitted one after the other.
  model::Run submit(Targets& targets, const std::string& target, int nodes = 1) {
    model::Run run;
    run.key = ++runs_;
    run.run_id = "birds_" + std::to_string(runs_);
    run.workspace = kWorkspace;
    run.created_at = runs_;
    run.spec.experiment = "birds";
    run.spec.compute_target = target;
    run.spec.node_count = nodes;
    targets.enqueue(run);
    return run;
  }
  /// What the next run of that target is given; "waits" when none is.
  std::vector<std::string> granted(Targets& targets, const std::string& target) {
    const auto next = targets.grant_next({kWorkspace, target}, 0);
    return next ? next->gpus : std::vector<std::string>{"waits"};
  }
  int runs_ = 0;
};

TEST_F(TargetsTest, EachRunOnLocalHasItsShareOfTheGpus) {
  Targets targets(2, {"0", "1", "2", "3"});
  define(targets, "local");
  const model::Run first = submit(targets, "local");
  submit(targets, "local", 2);
  submit(targets, "local");
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0,1"));
  EXPECT_THAT(granted(targets, "local"), ElementsAre("2", "3")) << "a run's share is divided over its nodes";
  EXPECT_THAT(granted(targets, "local"), ElementsAre("waits"));
  targets.release(first, 0);
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0,1"));
}

TEST_F(TargetsTest, MoreRunsAtOnceThanGpusLeavesSomeWithout) {
  Targets targets(3, {"0"});
  define(targets, "local");
  const model::Run first = submit(targets, "local");
  for (int i = 0; i < 3; ++i) submit(targets, "local");
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0"));
  EXPECT_THAT(granted(targets, "local"), ElementsAre(""));
  EXPECT_THAT(granted(targets, "local"), ElementsAre(""));
  targets.release(first, 0);
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0"));
}

TEST_F(TargetsTest, AClustersNodesDivideTheMachine) {
  Targets targets(1, {"0", "1", "2"});
  define(targets, "pair", 2);
  submit(targets, "pair", 2);
  EXPECT_THAT(granted(targets, "pair"), ElementsAre("0,1", "2"));
}

TEST_F(TargetsTest, NodesBeyondTheGpusHaveNone) {
  Targets targets(1, {"0", "1"});
  define(targets, "four", 4);
  submit(targets, "four", 4);
  EXPECT_THAT(granted(targets, "four"), ElementsAre("0", "1", "", ""));
}

TEST_F(TargetsTest, TargetsOfOneMachineNeverShareAGpu) {
  Targets targets(2, {"0", "1"});
  define(targets, "local");
  define(targets, "whole", 1);
  const model::Run small = submit(targets, "local");
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0"));
  const model::Run large = submit(targets, "whole");
  EXPECT_THAT(granted(targets, "whole"), ElementsAre("waits"));
  EXPECT_THAT(targets.waiting_words(large), HasSubstr("waiting for GPUs"));
  EXPECT_THAT(targets.lacking_gpus(), ElementsAre(TargetName{kWorkspace, "whole"}));

  // A younger run may not take what the older one waits for.
  submit(targets, "local");
  EXPECT_THAT(granted(targets, "local"), ElementsAre("waits"));
  EXPECT_THAT(targets.lacking_gpus(), ElementsAre(TargetName{kWorkspace, "whole"}, TargetName{kWorkspace, "local"}));
  targets.release(small, 0);
  EXPECT_THAT(granted(targets, "whole"), ElementsAre("0,1"));
  EXPECT_THAT(granted(targets, "local"), ElementsAre("waits"));
  targets.release(large, 0);
  EXPECT_THAT(granted(targets, "local"), ElementsAre("0"));
  EXPECT_THAT(targets.lacking_gpus(), IsEmpty());
}

TEST_F(TargetsTest, AfterARestartARunStillHasItsGpus) {
  Targets targets(2, {"0", "1"});
  define(targets, "local");
  model::Run run;
  run.run_id = "birds_old";
  run.workspace = kWorkspace;
  run.spec.compute_target = "local";
  run.nodes.emplace_back();
  run.nodes[0].host = "local-0";
  run.nodes[0].gpus = "0";
  targets.adopt(run, 0);
  submit(targets, "local");
  EXPECT_THAT(granted(targets, "local"), ElementsAre("1"));
}

TEST_F(TargetsTest, WithoutGpusNothingIsGivenOrWaitedFor) {
  Targets targets(1);
  define(targets, "two", 2);
  submit(targets, "two", 2);
  EXPECT_THAT(granted(targets, "two"), ElementsAre("", ""));
}

}  // namespace
}  // namespace muster::scheduler
