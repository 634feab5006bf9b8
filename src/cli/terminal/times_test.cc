#include "cli/terminal/times.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(Times, DurationsInWords) {
  EXPECT_EQ(duration_words(-5), "0 s");
  EXPECT_EQ(duration_words(0), "0 ms");
  EXPECT_EQ(duration_words(1), "1 ms");
  EXPECT_EQ(duration_words(240'000), "240 ms");
  EXPECT_EQ(duration_words(9'940'000), "9.9 s");
  EXPECT_EQ(duration_words(12 * kSecond), "12 s");
  EXPECT_EQ(duration_words(72 * kSecond), "1 min 12 s");
  EXPECT_EQ(duration_words(3600 * kSecond), "1 h");
  EXPECT_EQ(duration_words((2 * 3600 + 185) * kSecond), "2 h 3 min");
  EXPECT_EQ(duration_words((3 * 86'400 + 4 * 3600) * kSecond), "3 d 4 h");
}

TEST(Times, HowLongAgo) {
  const TimeUs now = 1'795'230'131 * kSecond;
  EXPECT_EQ(ago(now + 60 * kSecond, now), "just now");
  EXPECT_EQ(ago(now - kSecond, now), "just now");
  EXPECT_EQ(ago(now - 59 * kSecond, now), "59 s ago");
  EXPECT_EQ(ago(now - 60 * kSecond, now), "1 min ago");
  EXPECT_EQ(ago(now - 7200 * kSecond, now), "2 h ago");
  EXPECT_EQ(ago(now - 30 * 3600 * kSecond, now), "1 day ago");
  EXPECT_EQ(ago(now - 5 * 86'400 * kSecond, now), "5 days ago");
  EXPECT_EQ(ago(now - 50 * 86'400 * kSecond, now), to_rfc3339(now - 50 * 86'400 * kSecond).substr(0, 10));
  EXPECT_EQ(date_and_time(0), "1970-01-01 00:00:00 UTC");
}

TEST(Times, SaysWhetherADurationIsTooLong) {
  for (const char* text : {"36501d", "99999999999999d", "99999999999999999999999s", "36500d1s"}) {
    EXPECT_EQ(parse_duration(text, "--grace", 0).error().detail, fmt::format("--grace: \"{}\" is longer than 100 years", text));
  }
  EXPECT_EQ(parse_duration("-99999999999999999999999", "--grace", 0).error().hint, "write it as 90, 90s, 15m, 2h, 7d or 1h30m");
}

TEST(Times, ReadsDurations) {
  const auto seconds = [](const char* text) { return parse_duration(text, "--grace", 0).value_or(-1); };
  EXPECT_EQ(seconds("0"), 0);
  EXPECT_EQ(seconds("90"), 90);
  EXPECT_EQ(seconds("90s"), 90);
  EXPECT_EQ(seconds("15m"), 900);
  EXPECT_EQ(seconds("1h30m"), 5400);
  EXPECT_EQ(seconds("7d"), 604'800);
  for (const char* bad : {"", "s", "-1", "1.5h", "1h30", "5x", "10 m", "99999999999999999999", "99999999d"})
    EXPECT_EQ(seconds(bad), -1) << bad;
  const auto refused = parse_duration("0", "--max-duration", 1);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("--max-duration"), std::string::npos);
}

}  // namespace
}  // namespace muster::cli
