#include "engine/slurm/target_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::engine::slurm {
namespace {

using ::testing::ElementsAre;
using Jobs = std::map<std::int64_t, Watched>;

const TargetName kGpu{"default", "gpu"};

Watched job_of_two(int attempt = 1) {
  Watched job;
  job.id = {"birds", attempt};
  job.target = kGpu;
  job.keys = {"node-0", "node-1"};
  return job;
}

std::vector<std::string> shown(const Jobs& jobs) {
  std::vector<std::string> nodes;
  for (const NodeState& node : status_of(jobs, kGpu).nodes) nodes.push_back(node.node_id + " " + node.state);
  return nodes;
}

TEST(SlurmTargetStatus, NodesPowerUpRunAndLeave) {
  Jobs jobs{{7, job_of_two()}};
  const auto looked = [&](const Job& job) {
    look(jobs.at(7), &job, {});
    return shown(jobs);
  };
  EXPECT_THAT(looked({7, "PENDING", "Priority", ""}), ElementsAre());
  EXPECT_FALSE(status_of(jobs, kGpu).resizing);
  EXPECT_THAT(looked({7, "CONFIGURING", "", "n[1-2]"}), ElementsAre("job 7, node-0 preparing", "job 7, node-1 preparing"));
  EXPECT_TRUE(status_of(jobs, kGpu).resizing);
  EXPECT_EQ(status_of(jobs, kGpu).target_node_count, 2);
  EXPECT_THAT(looked({7, "RUNNING", "", "n[1-2]"}), ElementsAre("n1 running", "n2 running"));
  EXPECT_FALSE(status_of(jobs, kGpu).resizing);
  EXPECT_THAT(looked({7, "RUNNING", "", "n[1-2]", {{"node-0", {0, ""}}}}), ElementsAre("n1 leaving", "n2 running"));
  EXPECT_EQ(status_of(jobs, kGpu).target_node_count, 1);
  EXPECT_THAT(looked({7, "COMPLETING", "", "n[1-2]"}), ElementsAre("n1 leaving", "n2 leaving"));
  EXPECT_TRUE(status_of(jobs, kGpu).resizing);
  EXPECT_THAT(looked({7, "COMPLETED", "", "n[1-2]"}), ElementsAre());
  EXPECT_FALSE(status_of(jobs, kGpu).resizing);
}

TEST(SlurmTargetStatus, NodesThatOthersWereGivenCountUntilTheRunHasNewOnes) {
  Jobs jobs{{7, job_of_two()}};
  const Job running{7, "RUNNING", "", "n[1-2]"};
  const Job preempted{7, "PREEMPTED", "", "n[1-2]"};
  look(jobs.at(7), &running, {});
  look(jobs.at(7), &preempted, {});
  EXPECT_THAT(shown(jobs), ElementsAre()) << "nobody waits for others";
  jobs.emplace(8, job_of_two(2));
  EXPECT_THAT(shown(jobs), ElementsAre("n1 preempted", "n2 preempted"));
  EXPECT_EQ(status_of(jobs, kGpu).target_node_count, 0);
  const Job again{8, "RUNNING", "", "n[3-4]"};
  look(jobs.at(8), &again, {});
  EXPECT_THAT(shown(jobs), ElementsAre("n3 running", "n4 running"));
}

TEST(SlurmTargetStatus, TheTimeIsThatOfTheLastChange) {
  Jobs jobs{{7, job_of_two()}};
  AllocationTimes times;
  EXPECT_EQ(times.since(kGpu), 0);
  times.look(jobs, 10);
  EXPECT_EQ(times.since(kGpu), 10);
  const Job coming{7, "CONFIGURING", "", "n[1-2]"};
  look(jobs.at(7), &coming, {});
  times.look(jobs, 20);
  times.look(jobs, 30);
  EXPECT_EQ(times.since(kGpu), 20);
  times.look({}, 40);
  EXPECT_EQ(times.since(kGpu), 40) << "its job is forgotten: steady again";
}

}  // namespace
}  // namespace muster::engine::slurm
