#include "model/log_lines.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace muster::model {
namespace {

TEST(LastLines, AreThoseThatSaySomething) {
  EXPECT_EQ(last_lines(""), "");
  EXPECT_EQ(last_lines("\n \n\r\n"), "");
  EXPECT_EQ(last_lines("cannot open /data/train.csv\n"), "cannot open /data/train.csv");
  EXPECT_EQ(last_lines("starting\n\ncannot open\tthe file  \r\n\n"), "starting\ncannot open the file");
  EXPECT_EQ(last_lines("[1,0]<stderr>:no slots\n"), "no slots");
}

TEST(LastLines, OfAProgressBarOnlyWhatIsSeen) { EXPECT_EQ(last_lines("10 %\r20 %\rdone\n"), "done"); }

TEST(LastLines, HaveLimits) {
  std::string many;
  for (int i = 0; i < 30; ++i) many += "line " + std::to_string(i) + "\n";
  EXPECT_TRUE(last_lines(many).starts_with("line 20\n"));
  EXPECT_TRUE(last_lines(many).ends_with("\nline 29"));
  EXPECT_EQ(last_lines(std::string(70'000, 'x')), std::string(500, 'x') + "…");
  std::string long_ones;
  for (int i = 0; i < 10; ++i) long_ones += std::string(5'000, static_cast<char>('a' + i)) + "\n";
  EXPECT_LE(last_lines(long_ones).size(), 4'096U);
  EXPECT_TRUE(last_lines(long_ones).ends_with("j…"));
  EXPECT_TRUE(is_utf8(last_lines("x" + std::string(1'000, '\xC3') + std::string(1'000, '\xA9'))));
  std::string accents;
  for (int i = 0; i < 600; ++i) accents += "é";
  EXPECT_TRUE(is_utf8(last_lines("x" + accents)));
}

TEST(LastLines, SteerNobodysTerminal) {
  EXPECT_EQ(last_lines("\x1b[1;31merror:\x1b[0m no such file\x1b[K\n"), "error: no such file");
  EXPECT_EQ(last_lines("\x1b]0;title\x07right\x1b]8;;http://x\x1b\\ here\n"), "right here");
  EXPECT_EQ(last_lines(std::string("a\0b\x07\x7f"
                                   "c\xC2\x9B"
                                   "d\n",
                                   9)),
            "abcd");
  EXPECT_EQ(last_lines("user\u202Etxt.exe\u2066\u200F\n"), "usertxt.exe");
  EXPECT_EQ(last_lines("\xFF\xFE bytes\n"), "\uFFFD\uFFFD bytes");
  EXPECT_EQ(last_lines("cut \x1b"), "cut");
  EXPECT_EQ(last_lines("cut \x1b["), "cut");
  EXPECT_EQ(last_lines("cut \x1b]0;never ends"), "cut");
}

}  // namespace
}  // namespace muster::model
