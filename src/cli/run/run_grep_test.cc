#include "cli/run/run_grep.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::cli {
namespace {

TEST(RunGrep, AMatchHasItsNumberAndItsLinesAround) {
  const Json match{{"line", 12}, {"parts", {"loss ", "nan", " !"}}, {"before", {"a", "b"}}, {"after", {"c"}}};
  EXPECT_EQ(match_text(match, "", Style()), "10-a\n11-b\n12:loss nan !\n13-c\n");
  EXPECT_EQ(match_text({{"line", 1}, {"parts", {"", "x", ""}}}, "log_1.txt:", Style()), "log_1.txt:1:x\n");
}

TEST(RunGrep, NothingInALineSteersTheTerminal) {
  EXPECT_EQ(match_text({{"line", 1}, {"parts", {"\x1b]0;t\a", "x", "\xE2\x80\xAE"}}}, "", Style()).find('\x1b'), std::string::npos);
  EXPECT_EQ(match_text(Json::object(), "", Style()), "0:\n");
}

}  // namespace
}  // namespace muster::cli
