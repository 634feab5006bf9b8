#include "runner/full_disk.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

using namespace std::chrono_literals;
using What = FullDisk::What;

constexpr FullDisk::Time kStart{1000h};

TEST(FullDisk, WaitsForAsLongAsRanksRun) {
  FullDisk disk;
  EXPECT_TRUE(disk.refused(What::logs, 0, kStart));
  EXPECT_TRUE(disk.refused(What::logs, 0, kStart + 100h));
  disk.concluding(kStart + 100h);
  EXPECT_TRUE(disk.refused(What::logs, 0, kStart + 100h + FullDisk::kPatience - 1s)) << "what was before the ranks' end does not count";
  EXPECT_FALSE(disk.refused(What::logs, 0, kStart + 100h + FullDisk::kPatience));
}

TEST(FullDisk, GivesUpAfterNothingButRefusals) {
  FullDisk disk;
  disk.concluding(kStart);
  EXPECT_TRUE(disk.refused(What::outputs, 100, kStart + 1h)) << "the first refusal begins the time, however late";
  EXPECT_TRUE(disk.refused(What::outputs, 100, kStart + 1h + FullDisk::kPatience - 1s));
  disk.took(What::outputs);
  EXPECT_TRUE(disk.refused(What::outputs, 50, kStart + 1h + FullDisk::kPatience)) << "some went through: from the start again";
  EXPECT_EQ(disk.given_up(), "");
  EXPECT_FALSE(disk.refused(What::outputs, 50, kStart + 1h + 2 * FullDisk::kPatience));
  EXPECT_EQ(disk.given_up(), "50 bytes of outputs");
}

TEST(FullDisk, WhatComesNextDoesNotWaitAllOver) {
  FullDisk disk;
  disk.concluding(kStart);
  EXPECT_TRUE(disk.refused(What::logs, 0, kStart));
  EXPECT_FALSE(disk.refused(What::logs, 0, kStart + FullDisk::kPatience));
  EXPECT_FALSE(disk.refused(What::outputs, 7, kStart + FullDisk::kPatience + 1s));
  EXPECT_EQ(disk.given_up(), "7 bytes of outputs, logs");
}

TEST(FullDisk, ACancelLeavesAMomentOnly) {
  FullDisk disk;
  disk.canceled();
  EXPECT_TRUE(disk.refused(What::outputs, 1, kStart)) << "its ranks still end";
  disk.concluding(kStart + 1h);
  EXPECT_TRUE(disk.refused(What::outputs, 1, kStart + 1h));
  EXPECT_FALSE(disk.refused(What::outputs, 1, kStart + 1h + FullDisk::kPatienceWhenCanceled));
  EXPECT_EQ(disk.given_up(), "") << "it is not why the run ends";
}

TEST(FullDisk, SaysWhatWaits) {
  FullDisk disk;
  EXPECT_EQ(disk.waiting(), "");
  EXPECT_TRUE(disk.refused(What::outputs, 28u << 20, kStart));
  EXPECT_TRUE(disk.refused(What::metrics, 0, kStart));
  EXPECT_EQ(disk.waiting(), "28 MiB of outputs, metrics");
  disk.took(What::outputs);
  EXPECT_EQ(disk.waiting(), "metrics");
}

}  // namespace
}  // namespace muster::runner
