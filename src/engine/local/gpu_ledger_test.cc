#include "engine/local/gpu_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

namespace muster::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Nodes = std::vector<std::vector<std::string>>;

TEST(PartOf, IsAsEqualAsCanBe) {
  const auto divided = [](int count, int parts) {
    std::vector<int> all;
    for (int part = 0; part < parts; ++part) all.push_back(part_of(count, parts, part));
    return all;
  };
  EXPECT_THAT(divided(2, 2), ElementsAre(1, 1));
  EXPECT_THAT(divided(8, 3), ElementsAre(3, 3, 2));
  EXPECT_THAT(divided(2, 4), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(divided(0, 2), ElementsAre(0, 0));
  EXPECT_EQ(part_of(4, 2, 2), 0);
  EXPECT_EQ(part_of(4, 2, -1), 0);
}

RC_GTEST_PROP(PartOf, NothingIsLeftOver, ()) {
  const int count = *rc::gen::inRange(0, 100);
  const int parts = *rc::gen::inRange(1, 100);
  int sum = 0;
  for (int part = 0; part < parts; ++part) sum += part_of(count, parts, part);
  RC_ASSERT(sum == count);
  RC_ASSERT(part_of(count, parts, 0) - part_of(count, parts, parts - 1) <= 1);
}

TEST(GpuLedger, GivesEachNodeItsOwn) {
  GpuLedger ledger({"0", "1", "4", "5"});
  EXPECT_EQ(ledger.take("a", {2, 1}), (Nodes{{"0", "1"}, {"4"}}));
  EXPECT_EQ(ledger.free(), 1);
  EXPECT_EQ(ledger.take("b", {1, 1}), std::nullopt) << "all or none";
  EXPECT_EQ(ledger.take("b", {0}), (Nodes{{}})) << "who wants none always gets it";
  EXPECT_EQ(ledger.take("b", {1}), (Nodes{{"5"}}));
  ledger.release("a");
  EXPECT_EQ(ledger.take("c", {1}), (Nodes{{"0"}}));
}

TEST(GpuLedger, AdoptsWhatRunsHaveAfterARestart) {
  GpuLedger ledger({"0", "1"});
  ledger.adopt("a", {"1", "7"});
  EXPECT_EQ(ledger.free(), 1);
  EXPECT_EQ(ledger.take("b", {1}), (Nodes{{"0"}}));
  ledger.release("a");
  EXPECT_EQ(ledger.free(), 1);
}

/// Whatever is taken and released in whatever order: no GPU has two runs, and none is lost.
RC_GTEST_PROP(GpuLedger, NeverShares, ()) {
  GpuLedger ledger({"0", "1", "2", "3", "4"});
  std::map<std::string, std::set<std::string>> held;
  for (const int move : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 20))) {
    const std::string run = std::to_string(move % 4);
    if (held.contains(run)) {
      ledger.release(run);
      held.erase(run);
    } else if (const auto taken = ledger.take(run, {move % 3, move % 2})) {
      for (const auto& node : *taken) held[run].insert(node.begin(), node.end());
    }
    std::set<std::string> all;
    std::size_t sum = 0;
    for (const auto& [id, gpus] : held) {
      all.insert(gpus.begin(), gpus.end());
      sum += gpus.size();
    }
    RC_ASSERT(all.size() == sum);
    RC_ASSERT(static_cast<int>(sum) == ledger.count() - ledger.free());
  }
}

}  // namespace
}  // namespace muster::engine
