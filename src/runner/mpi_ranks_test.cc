#include "runner/mpi_ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

process::Child start(const std::string& line) {
  process::SpawnOptions options;
  options.command = {"/bin/sh", "-c", line};
  return process::spawn(options).value();
}

/// Ranks 2 and 3, as muster-rank would tell of them; their processes are this test's own.
class MpiRanksTest : public ::testing::Test {
 protected:
  MpiRanksTest() {
    for (int rank : {2, 3}) state_.ranks.push_back({rank, rank - 2, "", 0, 0});
  }
  MpiRanks make(process::Child* mpirun = nullptr) { return {{1, folder_.path(), MpiRanks::Terminate::process}, 2, state_, mpirun, clock_}; }
  void tell(std::string_view kind, const rank::RankRecord& record) {
    ASSERT_TRUE(write_file(folder_ / fmt::format("{}{}", record.rank, kind), rank::to_line(record)));
  }

  muster::test::TempFolder folder_;
  SystemClock system_clock_;
  ServerClock clock_{system_clock_};
  RunnerState state_;
  const Ending::Time now_ = system_clock_.steady();
};

TEST_F(MpiRanksTest, AreKnownByTheirRecords) {
  MpiRanks ranks = make();
  EXPECT_THAT(ranks.look(now_), IsEmpty());
  process::Child child = start("exit 3");
  tell(rank::kStarted, {3, 1, child.pid(), 5, 0, -1, 0});
  EXPECT_THAT(ranks.look(now_), IsEmpty());
  EXPECT_EQ(state_.ranks[1].pid, child.pid());
  tell(rank::kEnded, {3, 1, child.pid(), 5, 9, 3, 0});
  const auto ended = ranks.look(now_);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].index, 1U);
  EXPECT_EQ(ended[0].how->exit_code, 3);
  EXPECT_EQ(ended[0].ended_at, 9);
  EXPECT_THAT(ranks.look(now_), IsEmpty());
  EXPECT_TRUE(child.wait(10s));
}

TEST_F(MpiRanksTest, OneWithoutARecordOfItsEndWasKilledWithItsWrapper) {
  MpiRanks ranks = make();
  process::Child child = start("exit 0");
  ASSERT_TRUE(child.wait(10s));
  tell(rank::kStarted, {2, 0, child.pid(), 5, 0, -1, 0});
  EXPECT_THAT(ranks.look(now_), IsEmpty());  // the record may still come
  ASSERT_TRUE(ranks.wake_at());
  const auto ended = ranks.look(*ranks.wake_at());
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].how->signal, SIGKILL);
}

TEST_F(MpiRanksTest, ThoseThatHaveNotBegunWillNot) {
  MpiRanks ranks = make();
  process::Child child = start("exec sleep 600");
  tell(rank::kStarted, {2, 0, child.pid(), 5, 0, -1, 0});
  EXPECT_THAT(ranks.look(now_), IsEmpty());
  ranks.terminate();
  EXPECT_TRUE(std::filesystem::exists(folder_ / std::string(rank::kClosed)));
  const auto asked = child.wait(10s);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->signal, SIGTERM);
  EXPECT_LE(*ranks.wake_at(), now_);
  const auto ended = ranks.look(now_);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].index, 1U);
  EXPECT_FALSE(ended[0].how);
}

TEST_F(MpiRanksTest, MpirunsOwnEndIsToldOnceWithHow) {
  process::Child mpirun = start("exit 205");
  ASSERT_TRUE(mpirun.wait(10s));
  MpiRanks ranks = make(&mpirun);
  const auto report = ranks.launch_failure(now_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->rank, model::kLauncherRank);
  EXPECT_EQ(report->exit_code, 205);
  EXPECT_FALSE(ranks.launch_failure(now_));
}

TEST_F(MpiRanksTest, AnEndOfMpirunWithZeroIsNoFailure) {
  process::Child mpirun = start("exit 0");
  ASSERT_TRUE(mpirun.wait(10s));
  EXPECT_FALSE(make(&mpirun).launch_failure(now_));
}

TEST_F(MpiRanksTest, AnAbortCountsWhenNothingElseIsToldForAWhile) {
  MpiRanks ranks = make();
  ASSERT_TRUE(write_file(folder_ / "2.aborted", ""));
  EXPECT_THAT(ranks.look(now_), IsEmpty());
  const auto seen = system_clock_.steady();
  EXPECT_FALSE(ranks.launch_failure(seen));
  ASSERT_TRUE(ranks.wake_at());
  const auto report = ranks.launch_failure(*ranks.wake_at());
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->exit_code);
  ASSERT_TRUE(report->exception);
  EXPECT_THAT(report->exception->message, HasSubstr("MPI_Finalize"));
}

}  // namespace
}  // namespace muster::runner
