#include "runner/machine_sampler.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

TEST(MachineSamplerTest, TheIntervalIsTheRunsOwnWish) {
  EXPECT_EQ(sample_interval(""), std::chrono::seconds(10));
  EXPECT_EQ(sample_interval("often"), std::chrono::seconds(10));
  EXPECT_EQ(sample_interval("-1"), std::chrono::seconds(10));
  EXPECT_EQ(sample_interval("0"), std::chrono::seconds(0));
  EXPECT_EQ(sample_interval("3"), std::chrono::seconds(3));
  EXPECT_EQ(sample_interval("999999"), std::chrono::seconds(3600));
}

}  // namespace
}  // namespace muster::runner
