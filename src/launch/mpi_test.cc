#include "launch/mpi.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace muster::launch {
namespace {

struct Planned {
  LaunchInput input;
  RankPlan mpirun;
};

Planned planned(const std::string& master) {
  LaunchInput input;
  input.script = "train.py";
  input.arguments = {"--rank", "$OMPI_COMM_WORLD_RANK"};
  input.interpreter = "/usr/bin/python3";
  input.variables = {{"PATH", "/usr/bin"},
                     {"MUSTER_RUN_TOKEN", "secret-token"},
                     {"CUDA_VISIBLE_DEVICES", "0"},
                     {"MUSTER_RUN_DIR", "/runs/r/1/node_0"},
                     {"MUSTER_GROUP", "g"}};
  input.distribution = model::Distribution{model::Distribution::Kind::mpi, std::nullopt, 2, "nccl"};
  input.node_count = 2;
  input.addresses = {master, master};
  input.master_address = master;
  input.master_port = 6105;
  const auto plan = plan_node(input);
  EXPECT_TRUE(plan);
  return {input, plan_mpirun(input, *plan, {"/usr/bin/mpirun", "/opt/muster/muster-rank", "/runs/r/hosts", "/runs/r/nodes"})};
}

bool has_in_a_row(const std::vector<std::string>& words, const std::vector<std::string>& wanted) {
  return std::search(words.begin(), words.end(), wanted.begin(), wanted.end()) != words.end();
}

TEST(Mpi, OneMpirunStartsEveryRankUnderTheWrapper) {
  const RankPlan mpirun = planned("10.0.0.1").mpirun;
  EXPECT_EQ(mpirun.log, "azureml-logs/70_mpi_log.txt");
  EXPECT_EQ(mpirun.command.front(), "/usr/bin/mpirun");
  EXPECT_TRUE(has_in_a_row(mpirun.command, {"-np", "4"}));
  EXPECT_TRUE(has_in_a_row(mpirun.command, {"--hostfile", "/runs/r/hosts"}));
  EXPECT_TRUE(has_in_a_row(mpirun.command, {"--mca", "plm_rsh_agent", "/opt/muster/muster-rank agent"}));
  EXPECT_TRUE(has_in_a_row(mpirun.command,
                           {"/opt/muster/muster-rank", "run", "--", "/usr/bin/python3", "train.py", "--rank", "$OMPI_COMM_WORLD_RANK"}));
  EXPECT_EQ(mpirun.variables.at("MUSTER_RANK_NODES"), "/runs/r/nodes");
}

TEST(Mpi, SecretsStayOutOfTheCommandLine) {
  const RankPlan mpirun = planned("10.0.0.1").mpirun;
  EXPECT_TRUE(has_in_a_row(mpirun.command, {"-x", "MUSTER_RUN_TOKEN"}));
  for (const std::string& word : mpirun.command) EXPECT_EQ(word.find("secret-token"), std::string::npos);
}

TEST(Mpi, WhatIsForTheAgentIsNotForTheRanks) {
  EXPECT_FALSE(has_in_a_row(planned("10.0.0.1").mpirun.command, {"-x", "MUSTER_RANK_NODES"}));
}

TEST(Mpi, EndingRanksIsNotForItsDaemons) {
  EXPECT_TRUE(has_in_a_row(planned("10.0.0.1").mpirun.command, {"--mca", "odls_base_sigkill_timeout", "1000000"}));
}

TEST(Mpi, TheScratchFolderLeavesRoomForASocketsName) {
  const auto folder = mpi_scratch("/dev/shm", std::string(300, 'r') + "-1-0");
  EXPECT_EQ(folder.parent_path(), "/dev/shm");
  EXPECT_LT(folder.string().size(), 40U);
  EXPECT_NE(folder, mpi_scratch("/dev/shm", std::string(300, 'r') + "-1-1"));
}

TEST(Mpi, ANodesOwnVariablesAreNotThoseOfNodeZero) {
  const RankPlan mpirun = planned("10.0.0.1").mpirun;
  EXPECT_FALSE(has_in_a_row(mpirun.command, {"-x", "CUDA_VISIBLE_DEVICES"}));
  EXPECT_FALSE(has_in_a_row(mpirun.command, {"-x", "MUSTER_RUN_DIR"}));
  EXPECT_FALSE(has_in_a_row(mpirun.command, {"-x", "MUSTER_GROUP"}));
}

TEST(Mpi, NodesOnOneMachineMeetOverLoopback) {
  EXPECT_TRUE(has_in_a_row(planned("127.0.0.1").mpirun.command, {"--mca", "btl_tcp_if_include", "lo"}));
  EXPECT_FALSE(has_in_a_row(planned("10.0.0.1").mpirun.command, {"btl_tcp_if_include", "lo"}));
}

TEST(Mpi, Files) {
  EXPECT_EQ(mpi_hostfile(2, 3), "muster-node-0 slots=3\nmuster-node-1 slots=3\n");
  const auto nodes = mpi_nodes_file({{0, "/r/node_0", "g-0", "/tmp/s0", {}}, {1, "/r/node_1", "g-1", "/tmp/s1", {"/cg/a", "/cg/b"}}});
  ASSERT_TRUE(nodes);
  EXPECT_EQ(*nodes, "muster-node-0\t/r/node_0\tg-0\t/tmp/s0\nmuster-node-1\t/r/node_1\tg-1\t/tmp/s1\t/cg/a\t/cg/b\n");
  EXPECT_FALSE(mpi_nodes_file({{0, "/r/with\ttab", "g", "/tmp", {}}}));
}

}  // namespace
}  // namespace muster::launch
