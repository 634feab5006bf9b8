#include "store/changes.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace muster::store {
namespace {

TEST(Changes, WakeThoseWhoAskedForThatRun) {
  Changes changes;
  int first = 0;
  int second = 0;
  int other = 0;
  const auto a = changes.subscribe(1, [&](const LogGrowth*) { ++first; });
  const auto b = changes.subscribe(1, [&](const LogGrowth*) { ++second; });
  const auto c = changes.subscribe(2, [&](const LogGrowth*) { ++other; });
  changes.notify(1);
  changes.notify(3);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(other, 0);
}

TEST(Changes, SayWhatGrewToAllInTheirOrder) {
  Changes changes;
  std::vector<std::string> told;
  const auto tell_as = [&](const char* name) {
    return [&told, name](const LogGrowth* growth) {
      told.push_back(growth == nullptr ? name : name + growth->id.path + std::to_string(growth->size));
    };
  };
  const auto a = changes.subscribe(1, tell_as("a "));
  const auto b = changes.subscribe(1, tell_as("b "));
  changes.notify(1, {{"uuid", 1, 0, "log"}, 7});
  changes.notify(1);
  EXPECT_EQ(told, (std::vector<std::string>{"a log7", "b log7", "a ", "b "}));
}

TEST(Changes, NoMoreAfterTheSubscriptionIsGone) {
  Changes changes;
  int woken = 0;
  auto subscription = changes.subscribe(1, [&](const LogGrowth*) { ++woken; });
  subscription.reset();
  changes.notify(1);
  EXPECT_EQ(woken, 0);
}

TEST(Changes, AListenerMayLeaveOrJoinWhileItIsWoken) {
  Changes changes;
  Changes::Subscription own;
  Changes::Subscription next;
  int woken = 0;
  own = changes.subscribe(1, [&](const LogGrowth*) {
    ++woken;
    own.reset();
    next = changes.subscribe(1, [&](const LogGrowth*) { woken += 10; });
  });
  changes.notify(1);
  EXPECT_EQ(woken, 1);
  changes.notify(1);
  EXPECT_EQ(woken, 11);
}

TEST(Changes, ASubscriptionMayOutliveTheHub) {
  auto changes = std::make_unique<Changes>();
  auto subscription = changes->subscribe(1, [](const LogGrowth*) {});
  changes.reset();
  subscription.reset();
}

TEST(Changes, ManyThreadsAtOnce) {
  Changes changes;
  std::atomic<int> woken = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        const auto subscription = changes.subscribe(1, [&](const LogGrowth*) { ++woken; });
        changes.notify(1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(woken, 2000);
}

}  // namespace
}  // namespace muster::store
