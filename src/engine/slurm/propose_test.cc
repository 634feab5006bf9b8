// What stands in a cluster, as recorded of Slurm 22.05, and the targets that would fit it.
#include "engine/slurm/propose.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::engine::slurm {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPartitions =
    "PartitionName=cpu AllowGroups=ALL Default=YES MaxNodes=UNLIMITED MaxTime=UNLIMITED Nodes=n[1-2] State=UP TotalCPUs=16 TotalNodes=2 "
    "TRES=cpu=16,mem=8000M,node=2,billing=16 \n"
    "PartitionName=cloud MaxNodes=1 MaxTime=01:00:00 Nodes=n[3-4] State=DOWN TotalCPUs=16 TotalNodes=2 "
    "TRES=cpu=16,mem=8000M,node=2,billing=16 \n"
    "PartitionName=big_gpu_nodes_of_all MaxNodes=UNLIMITED MaxTime=2-00:00:00 State=UP TotalNodes=5 "
    "TRES=cpu=112,mem=1.50T,node=5,billing=16,gres/gpu=12 \n";
constexpr const char* kSizes =
    "cpu|2|8|4000|(null)|(null)\n"
    "cloud|0|0|0|(null)|(null)\n"
    "big_gpu_nodes_of_all|2|32|512000|gpu:a100:4(S:0-1),shard:8|a100,ssd\n"
    "big_gpu_nodes_of_all|1|16|1|gpu:2|(null)\n"
    "sinfo: a warning\n";

std::vector<Proposal> proposals() { return propose(parse_partitions(kPartitions), parse_node_sizes(kSizes)); }

TEST(SlurmPropose, APartitionIsATargetOfTheSizeOfItsNodes) {
  const auto all = proposals();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].name, "cpu");
  EXPECT_EQ(all[0].max_nodes, 2);
  EXPECT_EQ(all[0].engine_options, Json({{"partition", "cpu"}, {"cpus", 8}, {"memory", "4000M"}}));
  EXPECT_EQ(all[0].longest, 0s);
  EXPECT_EQ(all[0].remark, "");
}

TEST(SlurmPropose, NodesThatArePoweredDownAreAsLargeAsTheSumSays) {
  const auto all = proposals();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[1].name, "cloud");
  EXPECT_EQ(all[1].max_nodes, 1) << "the partition gives a job no more";
  EXPECT_EQ(all[1].cpus, 8);
  EXPECT_EQ(all[1].memory_mb, 4000U);
  EXPECT_EQ(all[1].longest, 1h);
  EXPECT_EQ(all[1].remark, "takes jobs and starts none now (DOWN)");
}

TEST(SlurmPropose, EachSizeOfAPartitionIsATargetOfItsOwn) {
  const auto all = proposals();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[2].name, "big-gpu-nodes-of");
  EXPECT_EQ(all[2].features, "a100,ssd");
  EXPECT_EQ(all[2].engine_options, Json({{"partition", "big_gpu_nodes_of_all"}, {"cpus", 32}, {"memory", "512000M"}, {"gpus", 4}}));
  EXPECT_EQ(all[3].name, "big-gpu-nodes--2");
  EXPECT_EQ(all[3].engine_options, Json({{"partition", "big_gpu_nodes_of_all"}, {"cpus", 16}, {"gpus", 2}})) << "no memory is told";
  EXPECT_EQ(all[4].max_nodes, 2);
  EXPECT_EQ(all[4].cpus, 16);
  EXPECT_EQ(all[4].gpus, 1);
}

TEST(SlurmPropose, WhatDoesNotAddUpIsLeftOut) {
  const std::vector<Partition> partitions = parse_partitions("PartitionName=odd TotalNodes=2 State=UP TRES=cpu=17,mem=1M,node=2\n");
  EXPECT_TRUE(propose(partitions, {}).empty());
  EXPECT_TRUE(propose({}, parse_node_sizes(kSizes)).empty());
  EXPECT_EQ(proposals()[0].engine_options.count("gpus"), 0U);
}

TEST(SlurmPropose, NamesAreThoseThatTargetsMayHave) {
  const auto names = [](const std::string& text) {
    std::vector<std::string> found;
    for (const Proposal& one : propose(parse_partitions(text), {})) found.push_back(one.name);
    return found;
  };
  const auto partition = [](const std::string& name) { return "PartitionName=" + name + " TotalNodes=1 State=UP TRES=cpu=1,node=1\n"; };
  EXPECT_EQ(names(partition("local") + partition("7days") + partition("x") + partition("a.b") + partition("a-b")),
            (std::vector<std::string>{"local-2", "p7days", "x-2", "a-b", "a-b-2"}));
}

}  // namespace
}  // namespace muster::engine::slurm
