#include "scheduler/run_queue.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

namespace muster::scheduler {
namespace {

Waiting waiting(std::int64_t key, std::string experiment = "e", std::int64_t priority = 0, int nodes = 1) {
  return {key, "run-" + std::to_string(key), std::move(experiment), priority, key, nodes};
}

std::vector<std::int64_t> drain(RunQueue& queue, int free_nodes = 100) {
  std::vector<std::int64_t> keys;
  while (const auto next = queue.take(free_nodes)) keys.push_back(next->run_key);
  return keys;
}

TEST(RunQueue, PriorityThenAge) {
  RunQueue queue;
  queue.add(waiting(1));
  queue.add(waiting(2, "e", 5));
  queue.add(waiting(3));
  queue.add(waiting(4, "e", -1));
  EXPECT_EQ(drain(queue), (std::vector<std::int64_t>{2, 1, 3, 4}));
}

TEST(RunQueue, ExperimentsTakeTurns) {
  RunQueue queue;
  for (int key = 1; key <= 4; ++key) queue.add(waiting(key, "flood"));
  queue.add(waiting(5, "small"));
  queue.add(waiting(6, "small"));
  EXPECT_EQ(drain(queue), (std::vector<std::int64_t>{1, 5, 2, 6, 3, 4}));
}

TEST(RunQueue, ALargeRunIsNotPassedByOnesThatFit) {
  RunQueue queue;
  queue.add(waiting(1, "e", 0, 4));
  queue.add(waiting(2));
  EXPECT_FALSE(queue.take(3));
  EXPECT_EQ(queue.first()->run_key, 1);
  EXPECT_EQ(queue.nodes_wanted(), 5);
  EXPECT_EQ(queue.take(4)->run_key, 1);
  EXPECT_EQ(queue.take(4)->run_key, 2);
}

TEST(RunQueue, RemovedRunsAreGone) {
  RunQueue queue;
  queue.add(waiting(1));
  queue.add(waiting(2));
  EXPECT_TRUE(queue.remove(1));
  EXPECT_FALSE(queue.remove(1));
  EXPECT_EQ(drain(queue), std::vector<std::int64_t>{2});
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.nodes_wanted(), 0);
}

/// Whatever is added and removed in between: every run comes out once, and never one while another of higher priority waits.
RC_GTEST_PROP(RunQueue, EveryRunOnceHigherPrioritiesFirst, ()) {
  RunQueue queue;
  std::map<std::int64_t, std::int64_t> inside;  // key → priority
  std::int64_t next_key = 0;
  for (const int action : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 4))) {
    if (action <= 1) {
      const auto priority = *rc::gen::inRange<std::int64_t>(0, 3);
      queue.add(waiting(++next_key, std::string(1, static_cast<char>('a' + *rc::gen::inRange(0, 3))), priority));
      inside[next_key] = priority;
    } else if (action == 2 && !inside.empty()) {
      const auto key = inside.begin()->first;
      RC_ASSERT(queue.remove(key));
      inside.erase(key);
    } else {
      const auto taken = queue.take(1);
      RC_ASSERT(taken.has_value() == !inside.empty());
      if (!taken) continue;
      const auto highest =
          std::max_element(inside.begin(), inside.end(), [](const auto& a, const auto& b) { return a.second < b.second; })->second;
      RC_ASSERT(inside.at(taken->run_key) == highest);
      inside.erase(taken->run_key);
    }
    RC_ASSERT(queue.size() == inside.size());
  }
}

}  // namespace
}  // namespace muster::scheduler
