#include "launch/expand_variables.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace muster::launch {
namespace {

TEST(ExpandVariables, AsAShellWould) {
  const std::map<std::string, std::string> known{{"RANK", "3"}, {"_x1", "y"}, {"EMPTY", ""}, {"TRICK", "$RANK"}};
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", ""},
      {"plain", "plain"},
      {"$RANK", "3"},
      {"${RANK}", "3"},
      {"--rank=$RANK", "--rank=3"},
      {"$RANK$RANK", "33"},
      {"${RANK}0", "30"},
      {"$RANK0", ""},
      {"a$UNKNOWN-b", "a-b"},
      {"${UNKNOWN}", ""},
      {"$_x1", "y"},
      {"$EMPTY", ""},
      {"$TRICK", "$RANK"},  // what comes out is not looked at again
      {"$$", "$$"},
      {"$$RANK", "$$RANK"},
      {"$", "$"},
      {"$1", "$1"},
      {"$-", "$-"},
      {"${", "${"},
      {"${RANK", "${RANK"},
      {"${RANK:-1}", "${RANK:-1}"},
      {"${}", "${}"},
      {"100 $ and", "100 $ and"},
      {"ü$RANK", "ü3"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(expand_variables(text, known), expected) << text;
}

RC_GTEST_PROP(ExpandVariables, TextWithoutADollarStays, (std::string text)) {
  std::replace(text.begin(), text.end(), '$', 'x');
  RC_ASSERT(expand_variables(text, {{"x", "y"}}) == text);
}

}  // namespace
}  // namespace muster::launch
