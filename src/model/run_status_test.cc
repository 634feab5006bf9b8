#include "model/run_status.h"

#include <gtest/gtest.h>

namespace muster::model {
namespace {

TEST(RunStatus, EveryNameIsReadBack) {
  for (int i = 0; i <= static_cast<int>(RunStatus::canceled); ++i) {
    const auto status = static_cast<RunStatus>(i);
    const auto read = run_status_from_string(to_string(status));
    ASSERT_TRUE(read) << to_string(status);
    EXPECT_EQ(*read, status);
  }
  const auto unknown = run_status_from_string("running");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::invalid);
  EXPECT_NE(unknown.error().hint.find("Running"), std::string::npos);
}

TEST(RunStatus, TheStageOfEachStatus) {
  const auto stage = [](RunStatus status) { return stage_of(status) == nullptr ? "" : to_string(*stage_of(status)); };
  EXPECT_EQ(stage(RunStatus::preparing), "Preparing");
  EXPECT_EQ(stage(RunStatus::queued), "Scaling");
  EXPECT_EQ(stage(RunStatus::provisioning), "Scaling");
  EXPECT_EQ(stage(RunStatus::starting), "Scaling");
  EXPECT_EQ(stage(RunStatus::running), "Running");
  EXPECT_EQ(stage(RunStatus::not_responding), "Running");
  EXPECT_EQ(stage(RunStatus::finalizing), "Post-processing");
  for (const RunStatus status :
       {RunStatus::not_started, RunStatus::cancel_requested, RunStatus::completed, RunStatus::failed, RunStatus::canceled}) {
    EXPECT_EQ(stage_of(status), nullptr) << to_string(status);
  }
}

TEST(RunStatus, ThreeHaveEnded) {
  int ended = 0;
  for (int i = 0; i <= static_cast<int>(RunStatus::canceled); ++i) ended += has_ended(static_cast<RunStatus>(i));
  EXPECT_EQ(ended, 3);
  EXPECT_TRUE(has_ended(RunStatus::completed) && has_ended(RunStatus::failed) && has_ended(RunStatus::canceled));
}

}  // namespace
}  // namespace muster::model
