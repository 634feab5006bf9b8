#include "runner/rank_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

void write_record(const std::filesystem::path& folder, std::string_view kind, const rank::RankRecord& record) {
  ASSERT_TRUE(write_file(folder / fmt::format("{}{}", record.rank, kind), rank::to_line(record)));
}

bool has_news(const RankRecords& records) {
  pollfd one{records.descriptor(), POLLIN, 0};
  return ::poll(&one, 1, 2000) == 1;
}

class RankRecordsTest : public ::testing::Test {
 protected:
  muster::test::TempFolder folder_;
};

TEST_F(RankRecordsTest, WhatWasThereBeforeIsNewsOnce) {
  write_record(folder_.path(), rank::kStarted, {2, 0, 4711, 100, 0, -1, 0});
  RankRecords records(folder_.path());
  const auto news = records.news();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].what, RankNews::What::started);
  EXPECT_EQ(news[0].record.pid, 4711);
  EXPECT_THAT(records.news(), IsEmpty());
}

TEST_F(RankRecordsTest, WhatComesIsToldByTheDescriptor) {
  RankRecords records(folder_.path());
  EXPECT_THAT(records.news(), IsEmpty());
  write_record(folder_.path(), rank::kEnded, {1, 1, 4711, 100, 200, 3, 0});
  ASSERT_TRUE(has_news(records));
  const auto ended = records.news();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].what, RankNews::What::ended);
  EXPECT_EQ(ended[0].record.exit_code, 3);
  ASSERT_TRUE(write_file(folder_ / "1.aborted", ""));
  ASSERT_TRUE(has_news(records));
  const auto aborted = records.news();
  ASSERT_THAT(aborted, SizeIs(1));
  EXPECT_EQ(aborted[0].what, RankNews::What::aborted);
  EXPECT_EQ(aborted[0].record.rank, 1);
}

TEST_F(RankRecordsTest, AnythingElseInTheFolderIsPassedOver) {
  RankRecords records(folder_.path());
  for (const char* name : {"x.started", "1.started.tmp", "70_driver_log_rank_0.txt", "-1.ended", "99999999999.ended", "1.", ".ended"}) {
    ASSERT_TRUE(write_file(folder_ / name, "junk\n"));
  }
  ASSERT_TRUE(write_file(folder_ / "1.started", "junk\n"));
  write_record(folder_.path(), rank::kEnded, {5, 0, 1, 1, 1, 0, 0});
  ASSERT_TRUE(write_file(folder_ / "6.ended", rank::to_line({5, 0, 1, 1, 1, 0, 0})));  // another rank's
  const auto news = records.news();
  ASSERT_THAT(news, SizeIs(1));
  EXPECT_EQ(news[0].record.rank, 5);
}

TEST_F(RankRecordsTest, AClosedFolderSaysSo) {
  ASSERT_TRUE(RankRecords(folder_.path()).close());
  EXPECT_TRUE(std::filesystem::exists(folder_ / std::string(rank::kClosed)));
}

TEST_F(RankRecordsTest, ASuccessorLearnsWhoStartedAndHowTheyEnded) {
  RunnerState state;
  for (int i = 0; i < 3; ++i) state.ranks.push_back({i, i, fmt::format("azureml-logs/70_driver_log_rank_{}.txt", i), 0, 0});
  write_record(folder_.path(), rank::kStarted, {0, 0, 100, 10, 0, -1, 0});
  write_record(folder_.path(), rank::kStarted, {1, 1, 101, 11, 0, -1, 0});
  write_record(folder_.path(), rank::kEnded, {1, 1, 101, 11, 20, 1, 0});
  ASSERT_TRUE(write_file(folder_ / "70_driver_log_rank_1.txt",
                         "Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nValueError: no\n"));
  adopt_records(state, folder_.path(), 4);
  EXPECT_EQ(state.ranks[0].pid, 100);
  EXPECT_EQ(state.ranks[1].pid, 101);
  EXPECT_EQ(state.ranks[2].pid, 0);
  ASSERT_THAT(state.reports, SizeIs(1));
  EXPECT_EQ(state.reports[0].rank, 1);
  EXPECT_EQ(state.reports[0].node_rank, 4);
  EXPECT_EQ(state.reports[0].exit_code, 1);
  ASSERT_TRUE(state.reports[0].exception);
  EXPECT_EQ(state.reports[0].exception->type, "ValueError");
}

}  // namespace
}  // namespace muster::runner
