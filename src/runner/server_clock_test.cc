#include "runner/server_clock.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

TEST(ServerClock, LeavesTimesAloneWhenTheClocksAgree) {
  const FakeClock local(1'000'000'000);
  ServerClock clock(local);
  clock.measured(1'000'000'000, 1'000'004'000, 1'000'001'000);
  EXPECT_EQ(clock.now(), 1'000'000'000);
}

TEST(ServerClock, AppliesARealOffsetAndNotItsNoise) {
  const FakeClock local(1'000'000'000);
  ServerClock clock(local);
  clock.measured(1'000'000'000, 1'000'002'000, 1'900'001'000);
  EXPECT_EQ(clock.offset_us(), 900'000'000);
  clock.measured(1'000'000'000, 1'000'010'000, 1'900'009'000);
  EXPECT_EQ(clock.offset_us(), 900'000'000);
  clock.measured(1'000'000'000, 1'000'002'000, 1'000'001'000);  // the node's clock was set right
  EXPECT_EQ(clock.offset_us(), 0);
}

TEST(ServerClock, BelievesASlowAnswerLess) {
  const FakeClock local(1'000'000'000);
  ServerClock clock(local);
  clock.measured(0, 10'000'000, 4'000'000);
  EXPECT_EQ(clock.offset_us(), 0);
}

TEST(ServerClock, KeepsNotYet) {
  const FakeClock local(1'000'000'000);
  ServerClock clock(local);
  clock.measured(0, 0, 900'000'000);
  EXPECT_EQ(clock.to_server(0), 0);
}

}  // namespace
}  // namespace muster::runner
