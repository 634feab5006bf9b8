#include "engine/local/target_nodes.h"

#include <gtest/gtest.h>

namespace muster::engine {
namespace {

constexpr TimeUs kSecond = 1'000'000;
using State = TargetNodes::State;

TargetNodes cluster(int min_nodes, int max_nodes, int idle_seconds = 10) {
  return TargetNodes("cpu", {min_nodes, max_nodes, 0, std::chrono::seconds(idle_seconds)}, 0);
}

TEST(TargetNodes, GrowsOnDemandAndShrinksAfterTheIdleTime) {
  TargetNodes nodes = cluster(0, 4);
  EXPECT_TRUE(nodes.nodes().empty());
  const auto ids = nodes.grant("r1", 2, kSecond);
  ASSERT_TRUE(ids);
  EXPECT_EQ(*ids, (std::vector<std::string>{"cpu-0", "cpu-1"}));
  EXPECT_TRUE(nodes.resizing());
  nodes.heard_from("cpu-0", 2 * kSecond);
  nodes.heard_from("cpu-1", 3 * kSecond);
  EXPECT_FALSE(nodes.resizing());
  EXPECT_EQ(nodes.allocation_state_since(), 3 * kSecond);
  EXPECT_EQ(nodes.count(State::running), 2);
  nodes.release("r1", 5 * kSecond);
  EXPECT_EQ(nodes.count(State::idle), 2);
  EXPECT_EQ(nodes.deadline(), 15 * kSecond);
  EXPECT_FALSE(nodes.tick(14 * kSecond));
  EXPECT_TRUE(nodes.tick(15 * kSecond));
  EXPECT_EQ(nodes.count(State::leaving), 2);
  EXPECT_EQ(nodes.target_count(), 0);
  EXPECT_TRUE(nodes.tick(16 * kSecond));
  EXPECT_TRUE(nodes.nodes().empty());
  EXPECT_FALSE(nodes.deadline());
}

TEST(TargetNodes, AllNodesOrNone) {
  TargetNodes nodes = cluster(0, 3);
  ASSERT_TRUE(nodes.grant("r1", 2, 0));
  EXPECT_EQ(nodes.free_nodes(), 1);
  EXPECT_FALSE(nodes.grant("r2", 2, 0));
  EXPECT_EQ(nodes.nodes().size(), 2u) << "a refused grant changes nothing";
}

TEST(TargetNodes, IdleNodesAreUsedFirst) {
  TargetNodes nodes = cluster(1, 3);
  EXPECT_EQ(nodes.count(State::idle), 1) << "the minimum is there from the start";
  EXPECT_EQ(*nodes.grant("r1", 1, 0), std::vector<std::string>{"cpu-0"});
  EXPECT_EQ(*nodes.grant("r2", 1, 0), std::vector<std::string>{"cpu-1"});
  nodes.release("r1", kSecond);
  EXPECT_EQ(*nodes.grant("r3", 1, kSecond), std::vector<std::string>{"cpu-0"});
}

TEST(TargetNodes, TheMinimumStays) {
  TargetNodes nodes = cluster(1, 3);
  nodes.grant("r1", 3, 0);
  nodes.release("r1", 0);
  nodes.tick(100 * kSecond);
  nodes.tick(200 * kSecond);
  ASSERT_EQ(nodes.nodes().size(), 1u);
  EXPECT_EQ(nodes.nodes()[0].node_id, "cpu-0");
}

TEST(TargetNodes, ALowerMaximumLetsSurplusIdleNodesGoAtOnce) {
  TargetNodes nodes = cluster(0, 3, 1000);
  nodes.grant("r1", 3, 0);
  nodes.release("r1", 0);
  nodes.set_limits({0, 1, 0, std::chrono::seconds(1000)}, kSecond);
  nodes.tick(kSecond);
  EXPECT_EQ(nodes.count(State::leaving), 2);
}

TEST(TargetNodes, RunsAtOnceLimitsRunsNotNodes) {
  TargetNodes nodes("local", {0, 1000, 1, std::chrono::seconds(0)}, 0);
  ASSERT_TRUE(nodes.grant("r1", 4, 0));
  EXPECT_EQ(nodes.free_nodes(), 0);
  nodes.release("r1", 0);
  EXPECT_GT(nodes.free_nodes(), 0);
}

TEST(TargetNodes, AdoptedNodesAreTaken) {
  TargetNodes nodes = cluster(0, 2);
  nodes.adopt("r1", {"cpu-1"}, 0);
  EXPECT_EQ(nodes.count(State::running), 1);
  EXPECT_EQ(*nodes.grant("r2", 1, 0), std::vector<std::string>{"cpu-0"});
  EXPECT_FALSE(nodes.grant("r3", 1, 0));
}

}  // namespace
}  // namespace muster::engine
