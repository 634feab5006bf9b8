#include "base/path_pattern.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/golden.h"

namespace muster {
namespace {

TEST(PathPattern, AsTheVectorsSay) {
  for (const auto& file : test::golden_files(test::golden_folder() / "path_pattern", ".json")) {
    const Json vector = test::read_golden_json(file);
    ASSERT_TRUE(vector.contains("cases")) << file;
    for (const Json& one : vector["cases"])
      EXPECT_EQ(path_matches(one["pattern"].get<std::string>(), one["path"].get<std::string>()), one["matches"].get<bool>()) << one;
  }
}

TEST(PathPattern, ManyStarsTakeNoTime) {
  std::string pattern;
  std::string path;
  for (int i = 0; i < 60; ++i) {
    pattern += "**/*a*a*a*/";
    path += std::string(20, 'a') + "/";
  }
  EXPECT_FALSE(path_matches(pattern + "b", path + "c"));
}

}  // namespace
}  // namespace muster
