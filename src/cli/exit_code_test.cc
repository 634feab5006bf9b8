#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace muster::cli {
namespace {

TEST(ExitCode, SaysWhoseFaultItWas) {
  for (const Code code : {Code::malformed, Code::unauthorized, Code::forbidden, Code::not_found, Code::method_not_allowed, Code::conflict,
                          Code::too_large, Code::invalid}) {
    EXPECT_EQ(static_cast<int>(exit_of(code)), 2) << to_string(code);
  }
  for (const Code code : {Code::unavailable, Code::timeout}) EXPECT_EQ(static_cast<int>(exit_of(code)), 3) << to_string(code);
  for (const Code code : {Code::internal, Code::disk_full}) EXPECT_EQ(static_cast<int>(exit_of(code)), 4) << to_string(code);
}

TEST(ExitCode, FollowsTheRun) {
  EXPECT_EQ(static_cast<int>(exit_of_status("Completed")), 0);
  EXPECT_EQ(static_cast<int>(exit_of_status("Failed")), 1);
  EXPECT_EQ(static_cast<int>(exit_of_status("Canceled")), 1);
}

}  // namespace
}  // namespace muster::cli
