#include "engine/local/target_nodes.h"

#include <gtest/gtest.h>

namespace muster::engine {
namespace {

constexpr TimeUs kSecond = 1'000'000;
using State = TargetNodes::State;

TargetNodes cluster(int min_nodes, int max_nodes, int idle_seconds = 10) {
  return TargetNodes("cpu", {min_nodes, max_nodes, 0, std::chrono::seconds(idle_seconds)}, 0);
}

/// What the run was given; nothing when it could not have them.
std::optional<std::vector<std::string>> grant(TargetNodes& nodes, const std::string& run_id, int count, TimeUs now) {
  auto ids = nodes.available(count);
  if (ids) nodes.grant(run_id, *ids, now);
  return ids;
}

TEST(TargetNodes, GrowsOnDemandAndShrinksAfterTheIdleTime) {
  TargetNodes nodes = cluster(0, 4);
  EXPECT_TRUE(nodes.nodes().empty());
  const auto ids = grant(nodes, "r1", 2, kSecond);
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
  ASSERT_TRUE(grant(nodes, "r1", 2, 0));
  EXPECT_EQ(nodes.free_nodes(), 1);
  EXPECT_FALSE(grant(nodes, "r2", 2, 0));
  EXPECT_EQ(nodes.nodes().size(), 2u) << "a refused grant changes nothing";
}

TEST(TargetNodes, IdleNodesAreUsedFirst) {
  TargetNodes nodes = cluster(1, 3);
  EXPECT_EQ(nodes.count(State::idle), 1) << "the minimum is there from the start";
  EXPECT_EQ(*grant(nodes, "r1", 1, 0), std::vector<std::string>{"cpu-0"});
  EXPECT_EQ(*grant(nodes, "r2", 1, 0), std::vector<std::string>{"cpu-1"});
  nodes.release("r1", kSecond);
  EXPECT_EQ(*grant(nodes, "r3", 1, kSecond), std::vector<std::string>{"cpu-0"});
}

TEST(TargetNodes, TheMinimumStays) {
  TargetNodes nodes = cluster(1, 3);
  grant(nodes, "r1", 3, 0);
  nodes.release("r1", 0);
  nodes.tick(100 * kSecond);
  nodes.tick(200 * kSecond);
  ASSERT_EQ(nodes.nodes().size(), 1u);
  EXPECT_EQ(nodes.nodes()[0].node_id, "cpu-0");
}

TEST(TargetNodes, ALowerMaximumLetsSurplusIdleNodesGoAtOnce) {
  TargetNodes nodes = cluster(0, 3, 1000);
  grant(nodes, "r1", 3, 0);
  nodes.release("r1", 0);
  nodes.set_limits({0, 1, 0, std::chrono::seconds(1000)}, kSecond);
  nodes.tick(kSecond);
  EXPECT_EQ(nodes.count(State::leaving), 2);
}

TEST(TargetNodes, RunsAtOnceLimitsRunsNotNodes) {
  TargetNodes nodes("local", {0, 1000, 1, std::chrono::seconds(0)}, 0);
  ASSERT_TRUE(grant(nodes, "r1", 4, 0));
  EXPECT_EQ(nodes.free_nodes(), 0);
  nodes.release("r1", 0);
  EXPECT_GT(nodes.free_nodes(), 0);
}

TEST(TargetNodes, ANumberIsUsedAgainWhenItsNodeHasGone) {
  TargetNodes nodes = cluster(0, 4, 0);
  for (const char* run : {"r0", "r1", "r2"}) grant(nodes, run, 1, 0);
  nodes.release("r1", kSecond);
  nodes.tick(2 * kSecond);
  EXPECT_EQ(nodes.nodes().size(), 2u);
  EXPECT_EQ(*grant(nodes, "r3", 2, 2 * kSecond), (std::vector<std::string>{"cpu-1", "cpu-3"}));
  EXPECT_EQ(nodes.runs(), 3);
}

TEST(TargetNodes, ANodeThatAnotherRunAdoptsIsTheFirstsNoLonger) {
  TargetNodes nodes = cluster(0, 4);
  nodes.adopt("r1", {"cpu-0", "cpu-1", "odd"}, 0);
  nodes.adopt("r2", {"cpu-1"}, 0);
  nodes.release("r1", 0);
  EXPECT_EQ(nodes.runs(), 1);
  EXPECT_EQ(nodes.count(State::running), 1);
  EXPECT_EQ(nodes.count(State::idle), 2);
}

TEST(TargetNodes, AdoptedNodesAreTaken) {
  TargetNodes nodes = cluster(0, 2);
  nodes.adopt("r1", {"cpu-1"}, 0);
  EXPECT_EQ(nodes.count(State::running), 1);
  EXPECT_EQ(*grant(nodes, "r2", 1, 0), std::vector<std::string>{"cpu-0"});
  EXPECT_FALSE(grant(nodes, "r3", 1, 0));
}

}  // namespace
}  // namespace muster::engine
