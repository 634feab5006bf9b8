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

}  // namespace
}  // namespace muster::cli
