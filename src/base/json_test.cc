#include "base/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace muster {
namespace {

Code refusal(std::string_view text, JsonLimits limits = {}) {
  const auto json = parse_json(text, limits);
  EXPECT_FALSE(json) << text.substr(0, 100);
  return json ? Code::internal : json.error().code;
}

TEST(ParseJson, RefusesWhatIsNotOneJsonValue) {
  for (const std::string_view text : {"", "{", "[1,]", "{'a': 1}", "nul", "1 2", "{\"a\" 1}", "NaN", "\x01"})
    EXPECT_EQ(refusal(text), Code::malformed) << text;
  EXPECT_EQ(refusal("\"\xFF\""), Code::malformed) << "bytes that are not UTF-8";
  EXPECT_EQ(refusal("\"\xED\xA0\x80\""), Code::malformed) << "a surrogate";
  EXPECT_NE(parse_json("[1,]").error().detail.find("column 4"), std::string::npos) << "the place is told";
}

TEST(ParseJson, HoldsItsLimits) {
  EXPECT_EQ(refusal(std::string(200'000, '[')), Code::malformed);
  EXPECT_EQ(refusal(std::string(200'000, '[') + std::string(200'000, ']')), Code::malformed);
  EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
  EXPECT_EQ(refusal(std::string(65, '[') + std::string(65, ']')), Code::malformed);
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects), Code::malformed);
  EXPECT_EQ(refusal("\"" + std::string(100, 'x') + "\"", {100, 64}), Code::too_large);
  EXPECT_TRUE(parse_json("\"" + std::string(98, 'x') + "\"", {100, 64}));
}

TEST(ParseJson, BracketsInStringsAreNoDepth) {
  EXPECT_TRUE(parse_json("\"" + std::string(1000, '[') + "\""));
  EXPECT_TRUE(parse_json("[\"\\\"[[[\", \"\\\\\"]", {1000, 1}));
}

TEST(ParseJson, KeepsLargeIntegers) { EXPECT_EQ(parse_json("9007199254740993")->get<std::int64_t>(), 9007199254740993); }

RC_GTEST_PROP(ParseJson, NeverThrows, (const std::string& text)) {
  const auto json = parse_json(text);
  if (json) RC_ASSERT(parse_json(dump_json(*json)).has_value());
}

TEST(DumpJson, IsAlwaysUtf8) { EXPECT_EQ(dump_json(Json{{"a", "x\xFFy"}}), "{\"a\":\"x\xEF\xBF\xBDy\"}"); }

TEST(DumpJson, NonFiniteNumbersAreStrings) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(number_to_json(NAN), "NaN");
  EXPECT_EQ(number_to_json(kInfinity), "Infinity");
  EXPECT_EQ(number_to_json(-kInfinity), "-Infinity");
  EXPECT_EQ(number_to_json(0.5), 0.5);
  EXPECT_TRUE(time_to_json(0).is_null());
  EXPECT_EQ(time_to_json(1), "1970-01-01T00:00:00.000001Z");
}

/// "field detail" of each fault.
std::vector<std::string> faults(const Result<void>& read) {
  std::vector<std::string> words;
  if (!read) {
    for (const FieldError& one : read.error().errors) words.push_back(one.field + " " + one.detail);
  }
  return words;
}

TEST(ObjectReader, ReadsWhatIsThere) {
  const Json json =
      Json::parse(R"({"t": "x", "i": 3, "b": true, "l": ["a", "b"], "m": {"k": "v"}, "p": {"k": null}, "n": null, "o": {"x": 1}})");
  ObjectReader in(json);
  EXPECT_EQ(in.text("t"), "x");
  EXPECT_EQ(in.integer("i", 0, 9), 3);
  EXPECT_TRUE(in.boolean_or("b", false));
  EXPECT_EQ(in.texts_or_empty("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(in.text_map_or_empty("m"), (std::map<std::string, std::string>{{"k", "v"}}));
  EXPECT_EQ(in.text_patch_or_empty("p"), (std::map<std::string, std::optional<std::string>>{{"k", std::nullopt}}));
  EXPECT_EQ(in.text_or("n", "fallback"), "fallback");
  EXPECT_EQ(in.integer_or("absent", 7, 0, 9), 7);
  EXPECT_FALSE(in.optional_text("absent2"));
  ASSERT_NE(in.member("o"), nullptr);
  EXPECT_EQ(in.member("n"), nullptr);
  EXPECT_TRUE(in.finish("thing"));
}

TEST(ObjectReader, GathersEveryFault) {
  const Json json = Json::parse(
      R"({"t": 1, "i": 10, "f": 1.5, "big": 18446744073709551615, "b": "yes", "l": ["a", 1], "m": {"k": 2, "n": null}, "extra": 1})");
  ObjectReader in(json);
  in.text("t");
  in.text("missing");
  in.integer("i", 0, 9);
  in.integer("f", 0, 9);
  in.integer("big", 0, INT64_MAX);
  in.boolean_or("b", false);
  const auto texts = in.texts_or_empty("l");
  in.text_map_or_empty("m");
  in.fault("own", "is the caller's", "do that");
  const auto read = in.finish("thing");
  EXPECT_EQ(faults(read),
            (std::vector<std::string>{"t must be a string, not number", "missing is required",
                                      "i must be a whole number from 0 to 9, not 10", "f must be a whole number from 0 to 9, not 1.5",
                                      "big must be a whole number from 0 to 9223372036854775807, not 18446744073709551615",
                                      "b must be true or false, not string", "l[1] must be a string, not number",
                                      "m.k must be a string, not number", "m.n must be a string, not null", "own is the caller's",
                                      "extra is not known here"}));
  EXPECT_EQ(texts.size(), 2u) << "later items keep their places";
  EXPECT_EQ(read.error().code, Code::invalid);
  EXPECT_TRUE(read.error().detail.starts_with("thing: `t` must be a string"));
}

TEST(ObjectReader, OneFaultAFieldAndAHundredInAll) {
  const Json json = Json::object();
  ObjectReader in(json);
  for (int i = 0; i < 150; ++i) in.fault("f" + std::to_string(i), "is wrong");
  in.fault("f0", "again");
  const auto read = in.finish("thing");
  EXPECT_EQ(read.error().errors.size(), 100u);
  EXPECT_TRUE(read.error().detail.ends_with("and 50 more faults"));
}

TEST(ObjectReader, AdoptsTheFaultsOfANestedReader) {
  const Json json = Json::parse(R"({"inner": {"x": 1}})");
  ObjectReader in(json);
  ObjectReader inner(*in.member("inner"));
  inner.text("x");
  const auto read_inner = inner.finish("inner");
  in.adopt("inner", read_inner.error());
  in.adopt("bare", Error{Code::invalid, "is no good", "mend it", {}});
  EXPECT_EQ(faults(in.finish("outer")), (std::vector<std::string>{"inner.x must be a string, not number", "bare is no good"}));
}

TEST(ObjectReader, AnythingButAnObjectIsOneFault) {
  for (const char* text : {"[]", "null", "3", "\"x\""}) {
    const Json json = Json::parse(text);
    ObjectReader in(json);
    in.text_or("a", "");
    EXPECT_EQ(faults(in.finish("thing")).size(), 1u) << text;
  }
}

TEST(ObjectReader, MayIgnoreWhatANewerVersionSays) {
  const Json said{{"name", "a"}, {"newer", 1}};
  ObjectReader in(said, ObjectReader::OtherKeys::ignored);
  EXPECT_EQ(in.text("name"), "a");
  EXPECT_TRUE(in.finish("thing"));
  ObjectReader strict(said);
  strict.text("name");
  EXPECT_FALSE(strict.finish("thing"));
}

}  // namespace
}  // namespace muster
