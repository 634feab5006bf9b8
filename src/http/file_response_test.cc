#include "http/file_response.h"

#include <gtest/gtest.h>

namespace muster::http {
namespace {

struct RangeCase {
  const char* header;
  std::uint64_t size;
  RangeChoice::Kind kind;
  std::uint64_t offset;
  std::uint64_t length;
};
using enum RangeChoice::Kind;

class RangeTest : public testing::TestWithParam<RangeCase> {};

TEST_P(RangeTest, IsChosen) {
  const RangeCase& one = GetParam();
  const RangeChoice choice = choose_range(one.header, one.size);
  EXPECT_EQ(choice.kind, one.kind) << one.header;
  EXPECT_EQ(choice.range.offset, one.offset) << one.header;
  EXPECT_EQ(choice.range.length, one.length) << one.header;
}

INSTANTIATE_TEST_SUITE_P(All, RangeTest,
                         testing::Values(RangeCase{"", 10, whole, 0, 0}, RangeCase{"bytes=0-", 10, part, 0, 10},
                                         RangeCase{"bytes=0-0", 10, part, 0, 1}, RangeCase{"bytes=3-5", 10, part, 3, 3},
                                         RangeCase{"bytes=9-", 10, part, 9, 1}, RangeCase{"bytes=5-99", 10, part, 5, 5},
                                         RangeCase{"bytes=5-99999999999999999999999", 10, part, 5, 5},
                                         RangeCase{"bytes=-3", 10, part, 7, 3}, RangeCase{"bytes=-99", 10, part, 0, 10},
                                         RangeCase{"bytes=-0", 10, unsatisfiable, 0, 0}, RangeCase{"bytes=10-", 10, unsatisfiable, 0, 0},
                                         RangeCase{"bytes=99999999999999999999-", 10, unsatisfiable, 0, 0},
                                         RangeCase{"bytes=0-", 0, unsatisfiable, 0, 0}, RangeCase{"bytes=5-3", 10, whole, 0, 0},
                                         RangeCase{"bytes=0-1,3-4", 10, whole, 0, 0}, RangeCase{"bytes=-", 10, whole, 0, 0},
                                         RangeCase{"bytes=a-b", 10, whole, 0, 0}, RangeCase{"lines=0-1", 10, whole, 0, 0}));

Response respond(std::map<std::string, std::string> headers) {
  Request request;
  request.headers = std::move(headers);
  return source_response(request, file_source(Fd(), 10, "none"), "abc", "text/plain");
}

TEST(FileResponseTest, ConditionsAndRanges) {
  EXPECT_EQ(respond({}).status, 200);
  EXPECT_EQ(respond({{"range", "bytes=1-2"}}).status, 206);
  EXPECT_EQ(respond({{"range", "bytes=10-"}}).status, 416);
  EXPECT_EQ(respond({{"if-none-match", "\"abc\""}}).status, 304);
  EXPECT_EQ(respond({{"if-none-match", "\"x\", W/\"abc\""}}).status, 304);
  EXPECT_EQ(respond({{"if-none-match", "\"x\""}}).status, 200);
  EXPECT_EQ(respond({{"range", "bytes=1-2"}, {"if-range", "\"abc\""}}).status, 206);
  EXPECT_EQ(respond({{"range", "bytes=1-2"}, {"if-range", "\"old\""}}).status, 200) << "another version's part would not fit";
}

}  // namespace
}  // namespace muster::http
