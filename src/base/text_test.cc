#include "base/text.h"
#include "base/plural.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace muster {
namespace {

TEST(Utf8, KnowsWellFormedBytes) {
  for (const std::string_view good : {"", "plain", "größe", "鳥", "\xF0\x9F\x90\xA6", "\xEF\xBF\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const std::string_view bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                                     "\xF5\x80\x80\x80", "\xFF", "a\xC3", "\xE9", "\xF0\x9F\x90"}) {
    EXPECT_FALSE(is_utf8(bad));
    EXPECT_TRUE(is_utf8(to_utf8(bad)));
  }
  EXPECT_EQ(to_utf8("a\xFF"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(utf8_length("größe"), 5u);
  EXPECT_EQ(utf8_length("\xF0\x9F\x90\xA6"), 1u);
}

RC_GTEST_PROP(Utf8, MendedTextIsWellFormedAndGoodTextStays, (const std::string& bytes)) {
  RC_ASSERT(is_utf8(to_utf8(bytes)));
  if (is_utf8(bytes)) RC_ASSERT(to_utf8(bytes) == bytes);
}

RC_GTEST_PROP(Split, JoinUndoesIt, (const std::string& text)) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(text, ',')) parts.emplace_back(part);
  RC_ASSERT(join(parts, ",") == text);
}

TEST(Split, AnEmptyTextIsOneEmptyPart) { EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""})); }

TEST(ParseInt64, TakesWholeNumbersOnly) {
  std::int64_t value = 0;
  EXPECT_TRUE(parse_int64("-9223372036854775808", value));
  EXPECT_EQ(value, INT64_MIN);
  for (const std::string_view bad : {"", " 1", "1 ", "+1", "1.0", "0x1", "9223372036854775808", "-", "1e3"})
    EXPECT_FALSE(parse_int64(bad, value)) << bad;
}

TEST(SafeRelativePath, StaysInsideItsFolder) {
  for (const std::string_view good : {"a", "a/b.txt", ".hidden", "a/..b", "größe/鳥", "a b"})
    EXPECT_TRUE(is_safe_relative_path(good)) << good;
  for (const std::string_view bad : {"", "/", "/a", "..", "a/..", "a/../b", ".", "./a", "a//b", "a/", "a/./b", "\xFF"})
    EXPECT_FALSE(is_safe_relative_path(bad)) << bad;
  EXPECT_FALSE(is_safe_relative_path(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_safe_relative_path(std::string(4096, 'a')));
  EXPECT_FALSE(is_safe_relative_path(std::string(4097, 'a')));
}

TEST(HumanSize, IsShort) {
  EXPECT_EQ(human_size(0), "0 bytes");
  EXPECT_EQ(human_size(1), "1 byte");
  EXPECT_EQ(human_size(1023), "1023 bytes");
  EXPECT_EQ(human_size(1536), "1.5 KiB");
  EXPECT_EQ(human_size(300ULL << 20), "300 MiB");
  EXPECT_EQ(human_size((1ULL << 20) - 1), "1.0 MiB");
  EXPECT_EQ(human_size(UINT64_MAX), "16384 PiB");
}

TEST(Counted, AgreesWithItsNoun) {
  EXPECT_EQ(counted(0, "file"), "0 files");
  EXPECT_EQ(counted(1, "file"), "1 file");
  EXPECT_EQ(counted(2, "file"), "2 files");
  EXPECT_EQ(counted(1, "process", "processes"), "1 process");
  EXPECT_EQ(counted(3, "process", "processes"), "3 processes");
}

TEST(Base64, IsPaddedToWholeGroups) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(ToLower, ChangesNothingButAToZ) { EXPECT_EQ(to_lower("AZaz09-\xC3\x84"), "azaz09-\xC3\x84"); }

TEST(Hex, IsLowerCase) { EXPECT_EQ(to_hex(std::string_view("\x00\xAB\xFF", 3)), "00abff"); }

TEST(Text, AnEndingIsTakenWhateverItsCase) {
  std::string_view text = "metrics.Acc DESC";
  EXPECT_FALSE(take_ending(text, " asc"));
  EXPECT_TRUE(take_ending(text, " desc"));
  EXPECT_EQ(text, "metrics.Acc");
  EXPECT_FALSE(take_ending(text, "a longer ending than the text"));
}

TEST(Text, ANumberIsAllOfTheText) {
  double value = 0;
  EXPECT_TRUE(parse_double("-1.5e3", value));
  EXPECT_EQ(value, -1500);
  EXPECT_TRUE(parse_double("inf", value));
  for (const char* text : {"", " 1", "1 ", "1x", "1e400", "0x10"}) EXPECT_FALSE(parse_double(text, value)) << text;
}

}  // namespace
}  // namespace muster
