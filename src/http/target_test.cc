#include "http/target.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"

namespace muster::http {
namespace {

TEST(TargetTest, PathAndQueryAreDecoded) {
  const auto target = parse_target("/a/b%20c+d?x=1&y=a%26b+c&x=2&flag&&=e");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a/b c+d");
  EXPECT_EQ(target->query, (std::multimap<std::string, std::string>{{"x", "1"}, {"x", "2"}, {"y", "a&b c"}, {"flag", ""}, {"", "e"}}));
}

TEST(TargetTest, AbsoluteFormIsThePathBehindTheHost) { EXPECT_EQ(parse_target("http://host:80/a?b=c")->path, "/a"); }

TEST(TargetTest, PartsAreDecodedAfterThePathIsTakenApart) {
  EXPECT_EQ(encoded_path("http://host:80/a%2Fb/c?d/e"), "/a%2Fb/c");
  EXPECT_EQ(*decoded_parts("/a%2Fb//c"), (std::vector<std::string>{"a/b", "", "c"}));
}

class BadTarget : public testing::TestWithParam<const char*> {};

TEST_P(BadTarget, IsMalformed) {
  const auto target = parse_target(GetParam());
  ASSERT_FALSE(target) << target->path;
  EXPECT_EQ(target.error().code, Code::malformed);
}

INSTANTIATE_TEST_SUITE_P(All, BadTarget,
                         testing::Values("", "*", "a", "/%", "/%4", "/%zz", "/%00", "/?a=%00", "/?a=%g1", "/%ff", "/?k=%C3%28", "host:80",
                                         "?a=b", "/%ED%A0%80"));

RC_GTEST_PROP(TargetProperty, WhatIsEncodedComesBack, ()) {
  std::string text = "/";
  std::string encoded = "/";
  for (const unsigned char c : *rc::gen::arbitrary<std::string>()) {
    if (c == 0 || c >= 0x80) continue;
    text += static_cast<char>(c);
    encoded += *rc::gen::arbitrary<bool>() ? fmt::format("%{:02x}", c) : fmt::format("%{:02X}", c);
  }
  const auto target = parse_target(encoded);
  RC_ASSERT(target.has_value());
  RC_ASSERT(target->path == text);
}

RC_GTEST_PROP(TargetProperty, AnyBytesGiveUtf8OrAnError, (const std::string& bytes)) {
  const auto target = parse_target("/" + bytes);
  if (!target) return;
  RC_ASSERT(is_utf8(target->path));
  RC_ASSERT(target->path.find('\0') == std::string::npos);
  for (const auto& [key, value] : target->query) RC_ASSERT(is_utf8(key) && is_utf8(value));
}

}  // namespace
}  // namespace muster::http
