#include "cli/terminal/sparkline.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "cli/terminal/progress.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

TEST(Sparkline, DrawsFromLeastToGreatest) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 20), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({5, 5, 5}, 20), "▅▅▅");
  EXPECT_EQ(sparkline({}, 20), "");
}

TEST(Sparkline, PutsManyValuesIntoFewColumns) { EXPECT_EQ(sparkline({0, 0, 1, 1, 2, 2, 3, 3}, 4), "▁▃▆█"); }

TEST(Sparkline, LeavesGapsForWhatIsNotFinite) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(sparkline({0, nan, 1}, 20), "▁ █");
  EXPECT_EQ(sparkline({-most, most}, 20), "▁█");
}

RC_GTEST_PROP(Sparkline, NeverIsWiderThanAsked, (const std::vector<double>& values)) {
  const auto width = *rc::gen::inRange<std::size_t>(0, 30);
  RC_ASSERT(display_width(sparkline(values, width)) <= width);
}

TEST(ProgressLine, FitsTheTerminal) {
  using std::chrono::milliseconds;
  const std::string wide = progress_line("Uploading", 150 << 20, 300 << 20, milliseconds(1000), 100);
  EXPECT_EQ(wide, "Uploading [████████████············]  50 %  150 MiB of 300 MiB  150 MiB/s");
  for (const std::size_t width : {10u, 20u, 40u, 60u}) {
    EXPECT_LE(display_width(progress_line("Uploading", 150 << 20, 300 << 20, milliseconds(1000), width)), width);
  }
  EXPECT_NE(progress_line("Hashing", 0, 0, milliseconds(0), 80).find("100 %"), std::string::npos);
  EXPECT_NE(progress_line("Hashing", 9, 3, milliseconds(0), 80).find("100 %"), std::string::npos);
}

}  // namespace
}  // namespace muster::cli
