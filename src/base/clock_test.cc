#include "base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace muster {
namespace {

TEST(Rfc3339, IsWrittenInUtcWithMicroseconds) {
  EXPECT_EQ(to_rfc3339(1'795'231'331'123'456), "2026-11-21T03:22:11.123456Z");
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_rfc3339(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Rfc3339, IsReadWithAnyOffsetAndPrecision) {
  constexpr TimeUs kTime = 1'795'231'331'000'000;
  for (const auto& [text, time] : std::vector<std::pair<std::string, TimeUs>>{{"2026-11-21T03:22:11Z", kTime},
                                                                              {"2026-11-21t03:22:11z", kTime},
                                                                              {"2026-11-21 03:22:11Z", kTime},
                                                                              {"2026-11-21T04:22:11+01:00", kTime},
                                                                              {"2026-11-20T21:52:11-05:30", kTime},
                                                                              {"2026-11-21T03:22:11.5Z", kTime + 500'000},
                                                                              {"2026-11-21T03:22:11.123456789Z", kTime + 123'456}}) {
    const auto read = from_rfc3339(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, time) << text;
  }
}

TEST(Rfc3339, RefusesTheRest) {
  for (const std::string_view text :
       {"", "yesterday", "2026-11-21", "2026-11-21T03:22:11", "2026-13-21T03:22:11Z", "2026-02-30T03:22:11Z", "2026-11-00T03:22:11Z",
        "2026-11-21T24:22:11Z", "2026-11-21T03:60:11Z", "2026-11-21T03:22:11.Z", "2026-11-21T03:22:11Zx", "2026-11-21T03:22:11+1:00",
        "2026-11-21T03:22:11+99:99", "2026-11-21T03:22:11.1234567890123456789012345678901234567890123456789012345678901234567890Z",
        "-026-11-21T03:22:11Z", "2026-11-21T+3:22:11Z"}) {
    const auto read = from_rfc3339(text);
    EXPECT_EQ(read ? std::string_view("read") : to_string(read.error().code), "malformed") << text;
  }
}

RC_GTEST_PROP(Rfc3339, IsReadBackAsItWasWritten, ()) {
  const TimeUs time = *rc::gen::inRange<TimeUs>(-62'135'596'800'000'000, 253'402'300'799'999'999);  // years 1 to 9999
  const auto read = from_rfc3339(to_rfc3339(time));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == time);
}

TEST(FakeClock, BothReadingsMoveTogether) {
  FakeClock clock(1'000);
  const auto before = clock.steady();
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(clock.now_us(), 2'001'000);
  EXPECT_EQ(clock.steady() - before, std::chrono::seconds(2));
}

}  // namespace
}  // namespace muster
