#include "runner/persist.h"

#include <gtest/gtest.h>

#include <thread>

namespace muster::runner {
namespace {

TEST(Persist, GoesOnUntilTheServerIsBack) {
  int calls = 0;
  const auto result = persist(std::stop_token(), [&]() -> Result<int> {
    if (++calls < 4) return fail(Code::unavailable, "away");
    return 7;
  });
  EXPECT_EQ(result.value(), 7);
  EXPECT_EQ(calls, 4);
}

TEST(Persist, DoesNotRepeatWhatIsRefused) {
  int calls = 0;
  const auto result = persist(std::stop_token(), [&]() -> Result<void> {
    ++calls;
    return fail(Code::invalid, "no");
  });
  EXPECT_EQ(result.error().code, Code::invalid);
  EXPECT_EQ(calls, 1);
}

TEST(Persist, WhatItsOwnServerDoesNotHaveOrAllowIsAnAnswer) {
  for (const Code code : {Code::not_found, Code::forbidden, Code::conflict, Code::method_not_allowed}) {
    int calls = 0;
    const auto result = persist(std::stop_token(), [&]() -> Result<void> {
      ++calls;
      return fail(code, "no");
    });
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(calls, 1);
  }
  EXPECT_EQ(verdict_on(Code::unauthorized), Verdict::over);
}

TEST(Persist, EndsWhenNobodyWaits) {
  std::stop_source stop;
  std::thread later([&] { stop.request_stop(); });
  const auto result = persist(stop.get_token(), [&]() -> Result<void> { return fail(Code::disk_full, "full"); });
  later.join();
  EXPECT_EQ(result.error().code, Code::disk_full);
}

}  // namespace
}  // namespace muster::runner
