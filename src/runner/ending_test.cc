#include "runner/ending.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

using namespace std::chrono_literals;
using Action = Ending::Action;
using Failure = Ending::Failure;

const Ending::Time kBegin{1000s};

TEST(Ending, RanksThatSucceedAreLeftAlone) {
  Ending ending(2, 15s);
  ending.rank_ended();
  EXPECT_EQ(ending.next(kBegin), Action::none);
  EXPECT_FALSE(ending.wake_at());
  EXPECT_FALSE(ending.all_ended());
  ending.rank_ended();
  EXPECT_TRUE(ending.all_ended());
  EXPECT_FALSE(ending.asked());
}

TEST(Ending, AFailureEndsTheOthersWithGrace) {
  Ending ending(3, 15s);
  ending.rank_ended();
  ending.rank_failed(Failure::own, kBegin);
  EXPECT_EQ(ending.next(kBegin), Action::terminate);
  EXPECT_TRUE(ending.asked());
  EXPECT_EQ(ending.next(kBegin), Action::none);
  EXPECT_EQ(ending.wake_at(), kBegin + 15s);
  EXPECT_EQ(ending.next(kBegin + 14s), Action::none);
  EXPECT_EQ(ending.next(kBegin + 15s), Action::kill);
  EXPECT_EQ(ending.next(kBegin + 15s), Action::none);
  EXPECT_EQ(ending.wake_at(), kBegin + 15s + kUnkillable);
  EXPECT_EQ(ending.next(kBegin + 15s + kUnkillable), Action::abandon);
  EXPECT_TRUE(ending.all_ended());
}

TEST(Ending, TheLastOnesFailureAsksNobody) {
  Ending ending(1, 15s);
  ending.rank_ended();
  ending.rank_failed(Failure::own, kBegin);
  EXPECT_EQ(ending.next(kBegin), Action::none);
  EXPECT_TRUE(ending.all_ended());
}

TEST(Ending, ALostPeerIsGivenTimeToSayWhy) {
  Ending ending(3, 15s);
  ending.rank_ended();
  ending.rank_failed(Failure::of_a_peer, kBegin);
  EXPECT_EQ(ending.next(kBegin), Action::none);
  EXPECT_EQ(ending.wake_at(), kBegin + kCauseWindow);
  ending.rank_ended();
  ending.rank_failed(Failure::own, kBegin + 100ms);
  EXPECT_EQ(ending.next(kBegin + 100ms), Action::terminate);
}

TEST(Ending, AStopWithItsOwnGrace) {
  Ending ending(1, 15s);
  ending.stop_asked(2s, kBegin);
  EXPECT_EQ(ending.next(kBegin), Action::terminate);
  EXPECT_EQ(ending.kill_at(), kBegin + 2s);
  ending.stop_asked(60s, kBegin + 1s);  // asked again: the first deadline holds
  EXPECT_EQ(ending.next(kBegin + 2s), Action::kill);
}

TEST(Ending, NoGraceKillsAtOnce) {
  Ending ending(1, 0s);
  ending.stop_asked(std::nullopt, kBegin);
  EXPECT_EQ(ending.next(kBegin), Action::terminate);
  EXPECT_EQ(ending.next(kBegin), Action::kill);
}

}  // namespace
}  // namespace muster::runner
