#include "process/gpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace muster::process {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(VisibleGpus, ThoseThatTheVariableNames) {
  EXPECT_THAT(visible_gpus("0,3"), ElementsAre("0", "3"));
  EXPECT_THAT(visible_gpus("GPU-1b2c"), ElementsAre("GPU-1b2c"));
  EXPECT_THAT(visible_gpus("1,-1,2"), ElementsAre("1")) << "CUDA stops there";
  EXPECT_THAT(visible_gpus(""), IsEmpty());
  EXPECT_THAT(visible_gpus("-1"), IsEmpty());
}

TEST(VisibleGpus, ElseThoseOfTheDriver) {
  const test::TempFolder driver;
  for (const char* card : {"0000:01:00.0", "0000:02:00.0"}) std::filesystem::create_directory(driver / card);
  EXPECT_THAT(visible_gpus(nullptr, driver.path().string()), ElementsAre("0", "1"));
  EXPECT_THAT(visible_gpus(nullptr, (driver / "none").string()), IsEmpty());
  EXPECT_THAT(visible_gpus("1", driver.path().string()), ElementsAre("1"));
}

}  // namespace
}  // namespace muster::process
