#include "cli/terminal/width.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace muster::cli {
namespace {

TEST(Width, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("Übung"), 5u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);  // e and a combining acute
  EXPECT_EQ(display_width("鸟"), 2u);
  EXPECT_EQ(display_width("🐦"), 2u);
  EXPECT_EQ(display_width("\xFF"), 1u);  // shown as a replacement character
}

TEST(Width, CutsBetweenCharacters) {
  EXPECT_EQ(fit("training", 8), "training");
  EXPECT_EQ(fit("training", 5), "trai…");
  EXPECT_EQ(fit("鸟鸟鸟", 4), "鸟…");
  EXPECT_EQ(fit("abc", 1), "…");
  EXPECT_EQ(fit("abc", 0), "");
}

RC_GTEST_PROP(Width, WhatFitsFits, (const std::string& text)) {
  const auto width = *rc::gen::inRange<std::size_t>(0, 20);
  const std::string cut = fit(text, width);
  RC_ASSERT(display_width(cut) <= width);
  RC_ASSERT(is_utf8(cut));
}

TEST(Width, NothingThatSteersATerminalGetsThrough) {
  EXPECT_EQ(printable("a\x1b[31mb\n\tc"), "a\xEF\xBF\xBD[31mb\xEF\xBF\xBD c");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\xEF\xBF\xBD"
            "31m");  // a one-character CSI
  EXPECT_EQ(printable("Übung 鸟"), "Übung 鸟");
}

// 30: names may have characters that are not seen and make others look like something else.
TEST(Width, WhatIsNotSeenIsShown) {
  EXPECT_EQ(printable("safe\u202Egnp.exe"), "safe\uFFFDgnp.exe");
  EXPECT_EQ(printable("a\u2066b\u2069\u200Bc\uFEFF\u00AD\u2028"), "a\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(printable("e\u200Dx"), "e\uFFFDx") << "a joiner hides between letters that do not join";
  EXPECT_EQ(printable("\U0001F468\u200D\U0001F469"), "\U0001F468\u200D\U0001F469") << "and makes one of two emoji";
  EXPECT_EQ(printable("\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645"), "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645");
}

TEST(Width, OurLinesKeepTheirEndsAndColours) {
  EXPECT_EQ(printable_lines("\x1b[31merror:\x1b[0m a\nb\u202E\n"), "\x1b[31merror:\x1b[0m a\nb\uFFFD\n");
  EXPECT_EQ(printable_lines("\x1b[2Jx\x1b]0;title\x07y"), "\uFFFD[2Jx\uFFFD]0;title\uFFFDy");
}

std::string filtered_in_pieces(std::string_view log, std::size_t piece) {
  std::string shown;
  LogFilter filter([&](std::string_view bytes) { shown += bytes; });
  for (std::size_t at = 0; at < log.size(); at += piece) filter.write(log.substr(at, piece));
  filter.finish();
  return shown;
}

TEST(LogFilter, KeepsColoursAndNothingElseThatSteersWhereverItIsCut) {
  const std::string log =
      "\x1b[1;31mred\x1b[0m\x1b]0;title\x07 a\x1b[2J\x1b[10;10Hb\x1b]52;c;Y2xpcA==\x1b\\c\x1bP1$q\x1b\\d\x1b(Be\x1b[38:5:1mf\x9b"
      "31mg\u009b2Jh\a\u202Ei\r50 %\r100 %\t|\b\n\U0001F426\n\x1b]8;;never ended\nstill here \xC3";
  const std::string shown =
      "\x1b[1;31mred\x1b[0m ab"
      "cde\x1b[38:5:1mf\uFFFD"
      "31mg\uFFFD"
      "2Jh\uFFFD\uFFFDi\r50 %\r100 %\t|\b\n\U0001F426\n\nstill here \uFFFD";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, log.size()})
    EXPECT_EQ(filtered_in_pieces(log, piece), shown) << piece;
}

RC_GTEST_PROP(LogFilter, ShowsWellFormedTextWhateverComes, (const std::string& log)) { RC_ASSERT(is_utf8(filtered_in_pieces(log, 1))); }

}  // namespace
}  // namespace muster::cli
