#include "api/line_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Case = LinePattern::Case;
using Kind = LinePattern::Kind;

class TextSource final : public ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  std::uint64_t size() const override { return text_.size(); }
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    const std::size_t n = std::min<std::size_t>(into.size(), text_.size() - std::min<std::size_t>(offset, text_.size()));
    text_.copy(into.data(), n, offset);
    return n;
  }

 private:
  std::string text_;
};

struct Asked {
  Kind kind = Kind::expression;
  Case letters = Case::matters;
  std::size_t context = 0;
  std::size_t most = 100;
};

SearchResult search(const std::string& text, const std::string& pattern, const Asked& asked = {}) {
  TextSource source(text);
  SearchWishes wishes;
  wishes.context = asked.context;
  wishes.most = asked.most;
  return LinePattern::create(pattern, asked.kind, asked.letters).value().search(source, {}, wishes).value();
}

std::vector<std::string> lines_of(const SearchResult& result) {
  std::vector<std::string> lines;
  for (const FoundLine& one : result.lines)
    lines.push_back(fmt::format("{}@{} {}<{}>{}", one.line, one.offset, one.parts[0], one.parts[1], one.parts[2]));
  return lines;
}

TEST(LineSearch, EachLineOnceWithItsNumberAndOffset) {
  const std::string text = "loss 1\nacc 2\n\nloss 3 loss\n";
  const auto found = search(text, "loss");
  EXPECT_THAT(lines_of(found), ElementsAre("1@0 <loss> 1", "4@14 <loss> 3 loss"));
  EXPECT_TRUE(found.at_end);
  EXPECT_EQ(found.next.offset, text.size());
  EXPECT_THAT(lines_of(search("a\nb loss", "loss")), ElementsAre("2@2 b <loss>")) << "a last line without an end";
  EXPECT_TRUE(search("", "loss").at_end);
}

TEST(LineSearch, AnExpressionStaysInItsLine) {
  EXPECT_THAT(lines_of(search("ab\ncd\n", "b\\s+c|b[^x]c")), ElementsAre());
  EXPECT_THAT(lines_of(search("one\ntwo\n", "^t.*$")), ElementsAre("2@4 <two>"));
  EXPECT_THAT(lines_of(search("a\n\nb\n", "^$")), ElementsAre("2@2 <>")) << "not after the last line's end";
  EXPECT_THAT(lines_of(search("a\nb\n", "x*")), ElementsAre("1@0 <>a", "2@2 <>b"));
}

TEST(LineSearch, ALiteralIsTheTextItself) {
  EXPECT_THAT(lines_of(search("a.b\naxb\n", "a.b", {.kind = Kind::literal})), ElementsAre("1@0 <a.b>"));
  EXPECT_THAT(lines_of(search("ÄB\nc\n", "äb", {.kind = Kind::literal, .letters = Case::ignored})), ElementsAre("1@0 <ÄB>"));
}

TEST(LineSearch, APageGoesOnWhereTheLastOneEnded) {
  std::string text;
  for (int i = 1; i <= 25; ++i) text += fmt::format("epoch {}\nnoise\n", i);
  TextSource source(text);
  const auto pattern = LinePattern::create("epoch", Kind::literal, Case::matters).value();
  SearchPlace at;
  std::vector<std::uint64_t> lines;
  for (bool more = true; more;) {
    SearchWishes wishes;
    wishes.most = 10;
    const auto found = pattern.search(source, at, wishes).value();
    for (const auto& one : found.lines) lines.push_back(one.line);
    at = found.next;
    more = !found.at_end;
  }
  ASSERT_EQ(lines.size(), 25u);
  for (std::size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i], 2 * i + 1);
}

TEST(LineSearch, EndsWhereItIsToldToAndGoesOnFromThere) {
  std::string text;
  for (int i = 0; i < 300'000; ++i) text += "nothing here\n";
  text += "needle\n";
  TextSource source(text);
  const auto pattern = LinePattern::create("needle", Kind::literal, Case::matters).value();
  SearchWishes wishes;
  wishes.enough = [](std::uint64_t) { return true; };
  SearchResult found = pattern.search(source, {}, wishes).value();
  EXPECT_FALSE(found.at_end);
  EXPECT_LE(found.next.offset, kSearchWindow);
  int calls = 1;
  for (; !found.at_end; ++calls) found = pattern.search(source, found.next, wishes).value();
  EXPECT_EQ(calls, 4);
  EXPECT_THAT(lines_of(found), ElementsAre(fmt::format("300001@{} <needle>", 300'000 * 13)));
}

TEST(LineSearch, ALineLongerThanTheWindowIsSearchedInPieces) {
  const std::string text =
      "first\n" + std::string(2 * kSearchWindow, 'x') + "needle" + std::string(kSearchWindow, 'y') + "needle\nlast needle\n";
  const auto found = search(text, "needle", {.context = 1});
  ASSERT_EQ(found.lines.size(), 2u);
  EXPECT_EQ(found.lines[0].line, 2u);
  EXPECT_EQ(found.lines[0].offset, 6u);
  EXPECT_TRUE(found.lines[0].cut);
  EXPECT_LE(found.lines[0].parts[0].size() + found.lines[0].parts[2].size(), kShownOfLine);
  EXPECT_THAT(found.lines[0].before, ElementsAre("first"));
  EXPECT_EQ(found.lines[1].line, 3u);
  EXPECT_EQ(found.lines[1].offset, text.size() - 12);
}

TEST(LineSearch, LinesAroundAMatch) {
  const auto found = search("a\nb\nneedle\nc\nd\n", "needle", {.context = 2});
  EXPECT_THAT(found.lines.at(0).before, ElementsAre("a", "b"));
  EXPECT_THAT(found.lines.at(0).after, ElementsAre("c", "d"));
  const auto edge = search("needle\nb", "needle", {.context = 5});
  EXPECT_THAT(edge.lines.at(0).before, ElementsAre());
  EXPECT_THAT(edge.lines.at(0).after, ElementsAre("b"));
}

TEST(LineSearch, BytesThatAreNoTextAreFoundAndShownAsText) {
  const auto found = search("\xff\xfe needle \x80\n", "needle");
  EXPECT_EQ(found.lines.at(0).parts[1], "needle");
  EXPECT_THAT(found.lines.at(0).parts[0], HasSubstr("\xEF\xBF\xBD"));
}

TEST(LineSearch, WhatIsNoPatternIsRefused) {
  for (const char* pattern : {"", "(", "a{1,100000}", "(?=a)", "\\1"})
    EXPECT_EQ(LinePattern::create(pattern, Kind::expression, Case::matters).error().code, Code::invalid) << pattern;
  EXPECT_FALSE(LinePattern::create(std::string(kLongestPattern + 1, 'a'), Kind::literal, Case::matters));
  EXPECT_TRUE(LinePattern::create("(", Kind::literal, Case::matters));
}

TEST(LineSearch, AnExpressionThatOthersWouldNeverFinishIsQuick) {
  EXPECT_THAT(lines_of(search(std::string(100'000, 'a') + "\n", "(a*)*b")), ElementsAre());
}

}  // namespace
}  // namespace muster::api
