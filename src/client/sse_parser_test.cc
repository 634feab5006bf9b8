#include "client/sse_parser.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace muster::client {
namespace {

using Events = std::vector<std::pair<std::string, std::string>>;

Events feed_all(SseParser& parser, const std::vector<std::string>& pieces) {
  Events events;
  for (const std::string& piece : pieces) {
    const auto fed = parser.feed(piece, [&](ServerEvent event) {
      events.emplace_back(event.name, event.data);
      return Result<void>{};
    });
    EXPECT_TRUE(fed);
  }
  return events;
}

Events parse(const std::string& text) {
  SseParser parser;
  return feed_all(parser, {text});
}

TEST(SseParser, ReadsNamesAndData) {
  EXPECT_EQ(parse("event: status\ndata: {\"a\": 1}\n\nevent: log\ndata: x\n\n"), (Events{{"status", "{\"a\": 1}"}, {"log", "x"}}));
}

TEST(SseParser, JoinsDataLinesAndNamesMessageByDefault) {
  EXPECT_EQ(parse("data: a\ndata:b\ndata\ndata:  c\n\n"), (Events{{"message", "a\nb\n\n c"}}));
}

TEST(SseParser, PassesOverCommentsUnknownFieldsAndEmptyEvents) {
  EXPECT_EQ(parse(": alive\n\nretry: 5\nid: 7\nevent: nothing\n\ndata: x\n\n"), (Events{{"message", "x"}}));
}

TEST(SseParser, AnEventWithoutItsEndIsNone) { EXPECT_EQ(parse("data: x\n"), Events{}); }

TEST(SseParser, KnowsAllLineEndsAndAByteOrderMark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "data: a\r\n\r\ndata: b\r\rdata: c\n\n"),
            (Events{{"message", "a"}, {"message", "b"}, {"message", "c"}}));
}

RC_GTEST_PROP(SseParser, CutsDoNotMatter, ()) {
  std::string text;
  for (const auto& line : *rc::gen::container<std::vector<std::string>>(
           rc::gen::element<std::string>("data: \xC3\xA9t\xC3\xA9", "data:", "event: log", ": c", "", "data: x\r\ndata: y", "id: 3"))) {
    text += line + *rc::gen::element<std::string>("\n", "\r\n", "\r");
  }
  const auto cut = *rc::gen::inRange<std::size_t>(1, 5);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size(); at += cut) pieces.push_back(text.substr(at, cut));
  SseParser parser;
  RC_ASSERT(feed_all(parser, pieces) == parse(text));
}

TEST(SseParser, RefusesEventsOverTheLimit) {
  SseParser parser(100);
  const auto ignore = [](ServerEvent) { return Result<void>{}; };
  ASSERT_TRUE(parser.feed("data: " + std::string(60, 'x') + "\n", ignore));
  const auto fed = parser.feed("data: " + std::string(60, 'x'), ignore);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().code, Code::too_large);
}

TEST(SseParser, StopsAtTheReadersError) {
  SseParser parser;
  int events = 0;
  const auto fed = parser.feed("data: 1\n\ndata: 2\n\n", [&](ServerEvent) -> Result<void> {
    ++events;
    return fail(Code::conflict, "enough");
  });
  EXPECT_FALSE(fed);
  EXPECT_EQ(events, 1);
}

}  // namespace
}  // namespace muster::client
