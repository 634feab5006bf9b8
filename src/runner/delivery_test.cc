#include "runner/delivery.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

using namespace std::chrono_literals;
using What = Delivery::What;

constexpr Delivery::Time kStart{1000h};
const Error kFull{Code::disk_full, "write: No space left on device", "", {}};
const Error kBroken{Code::storage_failed, "write: Input/output error", "", {}};

TEST(Delivery, WaitsForAsLongAsRanksRun) {
  for (const Error& why : {kFull, kBroken}) {
    Delivery delivery;
    EXPECT_TRUE(delivery.refused(What::logs, 0, why, kStart));
    EXPECT_TRUE(delivery.refused(What::logs, 0, why, kStart + 100h));
    delivery.concluding(kStart + 100h);
    EXPECT_TRUE(delivery.refused(What::logs, 0, why, kStart + 100h + Delivery::kPatience - 1s))
        << "what was before the ranks' end does not count";
    EXPECT_FALSE(delivery.folder_is_needed());
    EXPECT_FALSE(delivery.refused(What::logs, 0, why, kStart + 100h + Delivery::kPatience));
    EXPECT_TRUE(delivery.folder_is_needed());
    EXPECT_EQ(delivery.not_kept().why, why.code);
  }
}

TEST(Delivery, GivesUpAfterNothingButRefusals) {
  Delivery delivery;
  delivery.concluding(kStart);
  EXPECT_TRUE(delivery.refused(What::outputs, 100, kFull, kStart + 1h)) << "the first refusal begins the time, however late";
  EXPECT_TRUE(delivery.refused(What::outputs, 100, kFull, kStart + 1h + Delivery::kPatience - 1s));
  delivery.took(What::outputs);
  EXPECT_TRUE(delivery.refused(What::outputs, 50, kFull, kStart + 1h + Delivery::kPatience)) << "some went through: from the start again";
  EXPECT_EQ(delivery.not_kept().words, "");
  EXPECT_FALSE(delivery.refused(What::outputs, 50, kFull, kStart + 1h + 2 * Delivery::kPatience));
  EXPECT_EQ(delivery.not_kept().words, "50 bytes of outputs");
}

TEST(Delivery, WhatComesNextDoesNotWaitAllOver) {
  Delivery delivery;
  delivery.concluding(kStart);
  EXPECT_TRUE(delivery.refused(What::logs, 0, kFull, kStart));
  EXPECT_FALSE(delivery.refused(What::logs, 0, kFull, kStart + Delivery::kPatience));
  EXPECT_FALSE(delivery.refused(What::outputs, 7, kBroken, kStart + Delivery::kPatience + 1s));
  EXPECT_EQ(delivery.not_kept().words, "7 bytes of outputs, logs");
  EXPECT_EQ(delivery.not_kept().why, Code::storage_failed);
}

TEST(Delivery, ACancelLeavesAMomentOnlyAndTheFolder) {
  Delivery delivery;
  delivery.canceled();
  EXPECT_TRUE(delivery.refused(What::outputs, 1, kFull, kStart)) << "its ranks still end";
  delivery.concluding(kStart + 1h);
  EXPECT_TRUE(delivery.refused(What::outputs, 1, kFull, kStart + 1h));
  EXPECT_FALSE(delivery.refused(What::outputs, 1, kFull, kStart + 1h + Delivery::kPatienceWhenCanceled));
  EXPECT_TRUE(delivery.folder_is_needed());
}

TEST(Delivery, SaysWhatWaitsAndWhy) {
  Delivery delivery;
  EXPECT_EQ(delivery.waiting().what, "");
  EXPECT_TRUE(delivery.refused(What::outputs, 28u << 20, kFull, kStart));
  EXPECT_TRUE(delivery.refused(What::metrics, 0, kBroken, kStart));
  EXPECT_EQ(delivery.waiting().what, "28 MiB of outputs, metrics");
  EXPECT_EQ(delivery.waiting().why, Code::storage_failed);
  EXPECT_EQ(delivery.waiting().detail, kBroken.detail);
  delivery.took(What::metrics);
  EXPECT_EQ(delivery.waiting().what, "28 MiB of outputs");
  EXPECT_EQ(delivery.waiting().why, Code::disk_full);
}

TEST(Delivery, WhatTheServerRefusesForGoodIsNamed) {
  Delivery delivery;
  delivery.not_delivered("logs/a (too large)");
  EXPECT_TRUE(delivery.folder_is_needed());
  EXPECT_EQ(delivery.not_kept().words, "logs/a (too large)");
  EXPECT_EQ(delivery.not_kept().why, Code::internal);
}

TEST(Delivery, AFileThatCannotBeReadKeepsTheFolderAlone) {
  Delivery delivery;
  delivery.leave_behind();
  EXPECT_TRUE(delivery.folder_is_needed());
  EXPECT_EQ(delivery.not_kept().words, "");
}

}  // namespace
}  // namespace muster::runner
