#include "client/retry.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/golden.h"

namespace muster::client {
namespace {

using std::chrono::milliseconds;

TEST(Retry, WaitsDoubleUpToTheLongest) {
  const RetryPolicy policy{.first_wait = milliseconds(50), .longest_wait = milliseconds(300), .give_up_after = milliseconds(10'000)};
  EXPECT_EQ(wait_before(policy, 1, milliseconds(0)), milliseconds(50));
  EXPECT_EQ(wait_before(policy, 2, milliseconds(0)), milliseconds(100));
  EXPECT_EQ(wait_before(policy, 4, milliseconds(0)), milliseconds(300));
  EXPECT_EQ(wait_before(policy, 1'000'000, milliseconds(0)), milliseconds(300));
}

TEST(Retry, GivesUpWhenTheNextAttemptWouldBeginTooLate) {
  const RetryPolicy policy{.first_wait = milliseconds(50), .longest_wait = milliseconds(300), .give_up_after = milliseconds(1'000)};
  EXPECT_GE(wait_before(policy, 3, milliseconds(800)).count(), 0);
  EXPECT_LT(wait_before(policy, 3, milliseconds(801)).count(), 0);
  EXPECT_LT(wait_before({.give_up_after = milliseconds(0)}, 1, milliseconds(0)).count(), 0);
}

TEST(Retry, TheSdkTriesTheSameAnswersAgain) {
  const Json vector = test::read_golden_json(test::golden_folder() / "network" / "tried_again.json");
  for (int status = 100; status < 600; ++status) {
    const bool expected = std::find(vector["statuses"].begin(), vector["statuses"].end(), status) != vector["statuses"].end();
    EXPECT_EQ(is_passing(status), expected) << status;
  }
}

TEST(Retry, AStopEndsTheWait) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(sleep_for(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(sleep_for(milliseconds(1), {}));
}

}  // namespace
}  // namespace muster::client
