#include "launch/plan.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace muster::launch {
namespace {

using model::Distribution;

LaunchInput script_input() {
  LaunchInput input;
  input.script = "train.py";
  input.arguments = {"--lr", "0.1", "$HOME/data"};
  input.interpreter = "/usr/bin/python3";
  input.variables = {{"HOME", "/home/ada"}, {"PATH", "/usr/bin"}};
  input.addresses = {"127.0.0.1"};
  return input;
}

LaunchInput distributed(int node_count, int node_rank, Distribution distribution) {
  LaunchInput input = script_input();
  input.distribution = distribution;
  input.node_count = node_count;
  input.node_rank = node_rank;
  input.addresses.assign(static_cast<std::size_t>(node_count), "10.0.0.1");
  input.master_address = "10.0.0.1";
  input.master_port = 6105;
  return input;
}

LaunchPlan planned(const LaunchInput& input) {
  auto plan = plan_node(input);
  EXPECT_TRUE(plan) << plan.error().detail;
  return plan.value_or(LaunchPlan{});
}

TEST(LaunchPlan, OneProcessGetsNoLaunchVariables) {
  const LaunchPlan plan = planned(script_input());
  ASSERT_EQ(plan.ranks.size(), 1u);
  EXPECT_EQ(plan.world_size, 1);
  const RankPlan& rank = plan.ranks[0];
  EXPECT_EQ(rank.command, (std::vector<std::string>{"/usr/bin/python3", "train.py", "--lr", "0.1", "/home/ada/data"}));
  EXPECT_EQ(rank.log, "azureml-logs/70_driver_log.txt");
  EXPECT_EQ(rank.variables, (std::map<std::string, std::string>{{"HOME", "/home/ada"}, {"PATH", "/usr/bin"}, {"MUSTER_RANK", "0"}}));
}

TEST(LaunchPlan, AScriptIsNoOptionOfItsInterpreter) {
  LaunchInput input = script_input();
  input.script = "-x.py";
  EXPECT_EQ(planned(input).ranks[0].command[1], "./-x.py");
}

TEST(LaunchPlan, ACommandIsItsShellsBusiness) {
  LaunchInput input = script_input();
  input.script.clear();
  input.arguments.clear();
  input.command = "export A=1 && echo \"$A $HOME\"";
  input.shell = "/bin/bash";
  EXPECT_EQ(planned(input).ranks[0].command, (std::vector<std::string>{"/bin/bash", "-c", "export A=1 && echo \"$A $HOME\""}));
}

TEST(LaunchPlan, PerProcess) {
  LaunchInput input = distributed(2, 1, {Distribution::Kind::pytorch, 4, 1, "gloo"});
  input.arguments = {"--local_rank", "$LOCAL_RANK", "--rank=${RANK}"};
  const LaunchPlan plan = planned(input);
  EXPECT_EQ(plan.world_size, 4);
  ASSERT_EQ(plan.ranks.size(), 2u);
  const RankPlan& last = plan.ranks[1];
  EXPECT_EQ(last.rank, 3);
  EXPECT_EQ(last.local_rank, 1);
  EXPECT_EQ(last.log, "azureml-logs/70_driver_log_3.txt");
  EXPECT_EQ(last.command, (std::vector<std::string>{"/usr/bin/python3", "train.py", "--local_rank", "1", "--rank=3"}));
  const std::map<std::string, std::string> launch{{"MASTER_ADDR", "10.0.0.1"}, {"MASTER_PORT", "6105"}, {"NODE_RANK", "1"},
                                                  {"WORLD_SIZE", "4"},         {"RANK", "3"},           {"LOCAL_RANK", "1"},
                                                  {"LOCAL_WORLD_SIZE", "2"},   {"MUSTER_RANK", "3"}};
  for (const auto& [name, value] : launch) EXPECT_EQ(last.variables.at(name), value) << name;
  EXPECT_EQ(last.variables.at("HOME"), "/home/ada");
}

TEST(LaunchPlan, ScriptWithoutAProcessCountIsOneProcessANode) {
  const LaunchPlan plan = planned(distributed(3, 2, Distribution{}));
  ASSERT_EQ(plan.ranks.size(), 1u);
  EXPECT_EQ(plan.world_size, 3);
  EXPECT_EQ(plan.ranks[0].variables.at("RANK"), "2");
  EXPECT_EQ(plan.ranks[0].variables.at("LOCAL_RANK"), "0");
}

TEST(LaunchPlan, ACommandWithAProcessCountIsStartedPerProcess) {
  LaunchInput input = distributed(1, 0, {Distribution::Kind::pytorch, 2, 1, "gloo"});
  input.script.clear();
  input.arguments.clear();
  input.command = "./train --rank $RANK";
  const LaunchPlan plan = planned(input);
  ASSERT_EQ(plan.ranks.size(), 2u);
  EXPECT_EQ(plan.ranks[1].command[2], "./train --rank $RANK");
  EXPECT_EQ(plan.ranks[1].variables.at("RANK"), "1");
}

TEST(LaunchPlan, PerNode) {
  LaunchInput input = distributed(2, 1, Distribution{});
  input.script.clear();
  input.arguments.clear();
  input.command = "torchrun --nnodes 2 --node_rank $NODE_RANK train.py";
  const LaunchPlan plan = planned(input);
  ASSERT_EQ(plan.ranks.size(), 1u);
  const RankPlan& node = plan.ranks[0];
  EXPECT_EQ(node.log, "azureml-logs/70_driver_log_1.txt");
  EXPECT_EQ(node.variables.at("NODE_RANK"), "1");
  EXPECT_EQ(node.variables.at("WORLD_SIZE"), "2");
  EXPECT_EQ(node.variables.at("MASTER_ADDR"), "10.0.0.1");
  EXPECT_EQ(node.variables.at("MASTER_PORT"), "6105");
  EXPECT_FALSE(node.variables.contains("RANK"));
  EXPECT_FALSE(node.variables.contains("LOCAL_RANK"));
}

TEST(LaunchPlan, Mpi) {
  LaunchInput input = distributed(2, 1, {Distribution::Kind::mpi, std::nullopt, 2, "nccl"});
  input.addresses = {"10.0.0.1", "10.0.0.2"};
  input.arguments = {"$OMPI_COMM_WORLD_RANK"};
  const LaunchPlan plan = planned(input);
  EXPECT_EQ(plan.started_by, LaunchPlan::StartedBy::mpirun);
  EXPECT_EQ(plan.world_size, 4);
  ASSERT_EQ(plan.ranks.size(), 2u);
  EXPECT_EQ(plan.ranks[0].rank, 2);
  EXPECT_EQ(plan.ranks[1].log, "azureml-logs/70_driver_log_rank_3.txt");
  EXPECT_EQ(plan.ranks[0].command.back(), "$OMPI_COMM_WORLD_RANK") << "known only to the rank itself";
  const auto& variables = plan.ranks[0].variables;
  EXPECT_EQ(variables.at("AZ_BATCH_MASTER_NODE"), "10.0.0.1:6105");
  EXPECT_EQ(variables.at("AZ_BATCHAI_MPI_MASTER_NODE"), "10.0.0.1");
  EXPECT_EQ(variables.at("AZ_BATCH_HOST_LIST"), "10.0.0.1,10.0.0.2");
  EXPECT_TRUE(variables.contains("NCCL_SOCKET_IFNAME"));
  EXPECT_FALSE(variables.contains("RANK"));
}

TEST(LaunchPlan, MpiOnOneNodeHasNoBatchMaster) {
  const auto variables = planned(distributed(1, 0, {Distribution::Kind::mpi, std::nullopt, 2, "nccl"})).ranks[0].variables;
  EXPECT_FALSE(variables.contains("AZ_BATCH_MASTER_NODE"));
  EXPECT_EQ(variables.at("AZ_BATCH_HOST_LIST"), "");
  EXPECT_EQ(variables.at("AZ_BATCHAI_MPI_MASTER_NODE"), "10.0.0.1");
}

TEST(LaunchPlan, EveryRankSeesTheRunsGpusAndNoOthers) {
  LaunchInput input = distributed(1, 0, {Distribution::Kind::pytorch, 2, 1, "nccl"});
  input.gpus = 2;
  for (const RankPlan& rank : planned(input).ranks) EXPECT_EQ(rank.variables.at("CUDA_VISIBLE_DEVICES"), "0,1");
  input.variables["CUDA_VISIBLE_DEVICES"] = "6,7";
  for (const RankPlan& rank : planned(input).ranks) EXPECT_EQ(rank.variables.at("CUDA_VISIBLE_DEVICES"), "6,7");
  input.variables.erase("CUDA_VISIBLE_DEVICES");
  input.gpus = 0;
  for (const RankPlan& rank : planned(input).ranks) EXPECT_FALSE(rank.variables.contains("CUDA_VISIBLE_DEVICES"));
}

TEST(LaunchPlan, RefusesWhatDoesNotWorkOut) {
  const auto refused = [](const LaunchInput& input) { return !plan_node(input) && plan_node(input).error().code == Code::invalid; };
  LaunchInput input = script_input();
  input.command = "ls";
  EXPECT_TRUE(refused(input)) << "both script and command";
  input = script_input();
  input.script.clear();
  EXPECT_TRUE(refused(input)) << "neither";
  input = script_input();
  input.node_count = 2;
  EXPECT_TRUE(refused(input)) << "nodes without a distribution";
  EXPECT_TRUE(refused(distributed(2, 0, {Distribution::Kind::pytorch, 3, 1, "gloo"})));
  EXPECT_TRUE(refused(distributed(2, 0, {Distribution::Kind::pytorch, 0, 1, "gloo"})));
  EXPECT_TRUE(refused(distributed(2, 2, Distribution{})));
  EXPECT_TRUE(refused(distributed(2, 0, {Distribution::Kind::mpi, std::nullopt, 0, "gloo"})));
  input = distributed(2, 0, Distribution{});
  input.master_port = 0;
  EXPECT_TRUE(refused(input));
  input = distributed(2, 0, Distribution{});
  input.addresses.pop_back();
  EXPECT_TRUE(refused(input));
}

// Over all nodes of a run: every rank once, local ranks from 0 on each node, one world.
RC_GTEST_PROP(LaunchPlan, RanksAreCompleteAndUnique, ()) {
  const int nodes = *rc::gen::inRange(1, 9);
  const int local = *rc::gen::inRange(1, 9);
  const bool mpi = *rc::gen::arbitrary<bool>();
  Distribution distribution;
  distribution.kind = mpi ? Distribution::Kind::mpi : Distribution::Kind::pytorch;
  distribution.process_count_per_node = local;
  if (!mpi) distribution.process_count = nodes * local;
  std::set<int> ranks;
  std::set<std::string> logs;
  for (int node = 0; node < nodes; ++node) {
    const auto plan = plan_node(distributed(nodes, node, distribution));
    RC_ASSERT(plan.has_value());
    RC_ASSERT(plan->world_size == nodes * local);
    RC_ASSERT(plan->ranks.size() == static_cast<std::size_t>(local));
    for (int i = 0; i < local; ++i) {
      const RankPlan& rank = plan->ranks[static_cast<std::size_t>(i)];
      RC_ASSERT(rank.local_rank == i);
      RC_ASSERT(rank.rank == node * local + i);
      ranks.insert(rank.rank);
      logs.insert(rank.log);
    }
  }
  RC_ASSERT(ranks.size() == static_cast<std::size_t>(nodes * local));
  RC_ASSERT(*ranks.begin() == 0 && *ranks.rbegin() == nodes * local - 1);
  RC_ASSERT(logs.size() == ranks.size());
}

}  // namespace
}  // namespace muster::launch
