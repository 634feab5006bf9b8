#include "scheduler/heartbeats.h"

#include <gtest/gtest.h>

namespace muster::scheduler {
namespace {

using namespace std::chrono_literals;

const Heartbeats::Time kStart = Heartbeats::Time() + 1h;

TEST(Heartbeats, SilenceCountsFromTheLastWord) {
  Heartbeats beats;
  EXPECT_EQ(beats.silence("a", 0, kStart), 0s) << "who was never heard from begins now";
  EXPECT_EQ(beats.silence("a", 0, kStart + 3s), 3s);
  beats.heard("a", 0, kStart + 4s);
  EXPECT_EQ(beats.silence("a", 0, kStart + 5s), 1s);
  beats.all_heard(kStart + 9s);
  EXPECT_EQ(beats.silence("a", 0, kStart + 9s), 0s);
}

TEST(Heartbeats, OneThatCameWhenItsRunHadEndedIsForgotten) {
  Heartbeats beats;
  beats.heard("goes on", 0, kStart);
  beats.heard("has ended", 0, kStart);
  beats.heard("has ended", 1, kStart);
  beats.keep_only([](const std::string& run_id) { return run_id == "goes on"; });
  EXPECT_EQ(beats.size(), 1U);
  EXPECT_EQ(beats.silence("goes on", 0, kStart + 2s), 2s);
}

}  // namespace
}  // namespace muster::scheduler
