#include "client/snapshot/ignore_rules.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "base/file.h"
#include "base/json.h"

namespace muster::client {
namespace {

TEST(IgnoreRules, DecidesAsTheVectorsSay) {
  int cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/tests/golden/ignore")) {
    if (entry.path().extension() != ".json") continue;
    const auto vector = parse_json(*read_file(entry.path()));
    ASSERT_TRUE(vector) << entry.path();
    IgnoreRules rules;
    rules.add((*vector)["rules"].get<std::string>());
    for (const Json& one : (*vector)["cases"]) {
      const auto kind = one["folder"].get<bool>() ? EntryKind::folder : EntryKind::file;
      EXPECT_EQ(rules.ignores_below(one["path"].get<std::string>(), kind), one["ignored"].get<bool>()) << entry.path() << ": " << one;
      ++cases;
    }
  }
  EXPECT_GT(cases, 100);
}

TEST(IgnoreRules, LeavesOutWhatIsOurOwn) {
  IgnoreRules rules;
  rules.add(own_ignore_rules());
  EXPECT_TRUE(rules.ignores_below("a/__pycache__/x.pyc", EntryKind::file));
  EXPECT_TRUE(rules.ignores_below("outputs/model.pt", EntryKind::file));
  EXPECT_FALSE(rules.ignores_below("a/outputs/model.pt", EntryKind::file));
  EXPECT_FALSE(rules.ignores_below("outputs", EntryKind::file));
  rules.add("!/outputs/\n");
  EXPECT_FALSE(rules.ignores_below("outputs/model.pt", EntryKind::file));
}

TEST(WildPattern, HostilePatternsEndSoon) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  const auto compiled = WildPattern::compile(pattern + "b");
  ASSERT_TRUE(compiled);
  EXPECT_FALSE(compiled->matches(std::string(4096, 'a')));
}

RC_GTEST_PROP(WildPattern, AnyBytesAreAPatternOrNone, (const std::string& pattern, const std::string& path)) {
  if (const auto compiled = WildPattern::compile(pattern)) (void)compiled->matches(path);
}

RC_GTEST_PROP(WildPattern, AnEscapedTextMatchesItselfAlone, (const std::string& text, const std::string& other)) {
  std::string pattern;
  for (const char c : text) pattern += std::string("\\") + c;
  const auto compiled = WildPattern::compile(pattern);
  RC_ASSERT(compiled.has_value());
  RC_ASSERT(compiled->matches(text));
  RC_ASSERT(compiled->matches(other) == (text == other));
}

}  // namespace
}  // namespace muster::client
