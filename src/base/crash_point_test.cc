#include "base/crash_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace muster {
namespace {

void arm(const char* value, std::string_view program, ForChildren others) {
  ::setenv("MUSTER_CRASH_AT", value, 1);
  arm_crash_point(program, others);
}

TEST(CrashPointDeathTest, KillsAtItsPointTheNthTime) {
  EXPECT_EXIT(
      {
        arm("server.one:3", "server", ForChildren::keep);
        crash_point("server.one");
        crash_point("server.two");
        crash_point("server.one");
        if (std::getenv("MUSTER_CRASH_AT") != nullptr) std::exit(1);  // what is heeded is not passed on
        crash_point("server.one");
        std::exit(2);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(CrashPointDeathTest, HeedsOnlyItsOwnProgram) {
  EXPECT_EXIT(
      {
        arm("runner.one", "server", ForChildren::keep);
        crash_point("runner.one");
        std::exit(std::getenv("MUSTER_CRASH_AT") != nullptr ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  EXPECT_EXIT(
      {
        arm("server.one", "runner", ForChildren::remove);
        crash_point("server.one");
        std::exit(std::getenv("MUSTER_CRASH_AT") == nullptr ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(CrashPointDeathTest, IsNothingWithoutTheVariable) {
  EXPECT_EXIT(
      {
        ::unsetenv("MUSTER_CRASH_AT");
        arm_crash_point("server", ForChildren::keep);
        crash_point("server.one");
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace muster
