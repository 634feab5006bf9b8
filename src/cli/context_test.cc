#include "cli/context.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/fields.h"

namespace muster::cli {
namespace {

TEST(ErrorText, IsWhatWhereAndWhatNext) {
  EXPECT_EQ(error_text({Code::not_found, "no run x", "see `muster run list`", {}}, Style()),
            "error: no run x\nhint:  see `muster run list`\n");
  EXPECT_EQ(error_text({Code::invalid, "one fault", "", {{"f", "d", ""}}}, Style()), "error: one fault\n");
  EXPECT_EQ(error_text({Code::invalid, "two", "", {{"a", "is a pipe", ""}, {"b", "is a socket", ""}}}, Style()),
            "error: two\n  a is a pipe\n  b is a socket\n");
  EXPECT_EQ(error_text({Code::invalid, "a\x1b[2Jb", "", {}}, Style()).find('\x1b'), std::string::npos);
}

TEST(Fields, WhatIsNotThereReadsAsEmpty) {
  const Json object{{"text", "t"}, {"number", 5}, {"time", "1970-01-01T00:00:01Z"}, {"null", nullptr}};
  EXPECT_EQ(text_at(object, "text"), "t");
  EXPECT_EQ(text_at(object, "number"), "");
  EXPECT_EQ(text_at(Json("no object"), "text"), "");
  EXPECT_EQ(number_at(object, "number"), 5);
  EXPECT_EQ(number_at(object, "text"), 0);
  EXPECT_EQ(time_at(object, "time"), 1'000'000);
  EXPECT_EQ(time_at(object, "null"), 0);
}

TEST(Fields, PairsAreWrittenAndRead) {
  EXPECT_EQ(pairs_text(Json{{"a", "1"}, {"b", ""}}), "a=1 b");
  EXPECT_EQ(*pairs_from({"a=1=2", "b", "c="}, "--tag"), (Json{{"a", "1=2"}, {"b", ""}, {"c", ""}}));
  EXPECT_NE(pairs_from({"=1"}, "--tag").error().detail.find("--tag"), std::string::npos);
}

TEST(Fields, ASpanThatGoesOnEndsNow) {
  const Json stage{{"started_at", "1970-01-01T00:00:10Z"}, {"ended_at", nullptr}};
  EXPECT_EQ(span_text(stage, "started_at", "ended_at", 30'000'000), "20 s");
  EXPECT_EQ(span_text(stage, "ended_at", "started_at", 30'000'000), "");
}

}  // namespace
}  // namespace muster::cli
