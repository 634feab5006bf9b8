#include "housekeeping/reference_set.h"

#include <string>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace muster::housekeeping {
namespace {

std::string digest(int number) { return sha256_hex(std::to_string(number)); }

TEST(ReferenceSetTest, HasWhatWasAddedAndLittleElse) {
  constexpr int kCount = 20'000;
  ReferenceSet set(kCount, 7);
  for (int i = 0; i < kCount; ++i) set.add(digest(i));
  for (int i = 0; i < kCount; ++i) ASSERT_TRUE(set.may_have(digest(i)));
  int wrong = 0;
  for (int i = kCount; i < 2 * kCount; ++i) wrong += set.may_have(digest(i)) ? 1 : 0;
  EXPECT_LT(wrong, kCount / 100);
}

TEST(ReferenceSetTest, AnotherSeedErrsAboutOthers) {
  constexpr int kCount = 20'000;
  ReferenceSet one(1, 1);  // far too small, so that it errs often
  ReferenceSet other(1, 2);
  for (int i = 0; i < 4'000; ++i) {
    one.add(digest(i));
    other.add(digest(i));
  }
  int wrong_in_both = 0;
  int wrong_in_one = 0;
  for (int i = kCount; i < 2 * kCount; ++i) {
    wrong_in_one += one.may_have(digest(i)) ? 1 : 0;
    wrong_in_both += one.may_have(digest(i)) && other.may_have(digest(i)) ? 1 : 0;
  }
  EXPECT_GT(wrong_in_one, 0);
  EXPECT_LT(wrong_in_both, wrong_in_one);
}

TEST(ReferenceSetTest, WhatIsNoDigestIsNeverMissing) {
  ReferenceSet set(10, 0);
  for (const std::string& none : {std::string(), std::string("abc"), std::string(64, 'G'), std::string(65, 'a')}) {
    set.add(none);
    EXPECT_TRUE(set.may_have(none));
  }
  EXPECT_FALSE(set.may_have(digest(1)));
}

}  // namespace
}  // namespace muster::housekeeping
