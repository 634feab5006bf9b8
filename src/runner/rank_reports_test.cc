#include "runner/rank_reports.h"

#include <gtest/gtest.h>

#include <csignal>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

const RankState kRank{3, 1, "azureml-logs/70_driver_log_3.txt", 100, 5};
constexpr std::string_view kTraceback =
    "Traceback (most recent call last):\n  File \"train.py\", line 3, in <module>\n    learn()\nValueError: the loss is not a number\n";

TEST(MakeReport, SaysWhoHowAndWhy) {
  const auto report = make_report(kRank, 2, {{1, std::nullopt}, 9, false, false}, kTraceback);
  EXPECT_EQ(report.rank, 3);
  EXPECT_EQ(report.local_rank, 1);
  EXPECT_EQ(report.node_rank, 2);
  EXPECT_EQ(report.exit_code, 1);
  EXPECT_EQ(report.log, kRank.log);
  EXPECT_EQ(report.started_at, 5);
  EXPECT_EQ(report.ended_at, 9);
  ASSERT_TRUE(report.exception);
  EXPECT_EQ(report.exception->type, "ValueError");
}

TEST(MakeReport, ATracebackThatWasPrintedOnTheWayIsNoFailure) {
  EXPECT_FALSE(make_report(kRank, 0, {{0, std::nullopt}, 9, false, false}, kTraceback).exception);
}

TEST(MakeReport, NamesSignalsAndWhoSentThem) {
  const auto killed = make_report(kRank, 0, {{std::nullopt, SIGKILL}, 9, false, true}, "");
  EXPECT_EQ(killed.signal, "SIGKILL");
  EXPECT_TRUE(killed.out_of_memory);
  EXPECT_FALSE(killed.stopped_by_us);
  const auto stopped = make_report(kRank, 0, {{std::nullopt, SIGTERM}, 9, true, true}, "");
  EXPECT_TRUE(stopped.stopped_by_us);
  EXPECT_FALSE(stopped.out_of_memory);
}

TEST(MakeReport, OutOfMemoryIsSaidOfWhatWasKilledAlone) {
  const auto is_said = [](process::Ended how) { return make_report(kRank, 0, {how, 9, false, true}, kTraceback).out_of_memory; };
  EXPECT_TRUE(is_said({std::nullopt, SIGKILL}));
  EXPECT_TRUE(is_said({128 + SIGKILL, std::nullopt})) << "a command's shell";
  EXPECT_FALSE(is_said({1, std::nullopt})) << "its own exception ended it";
  EXPECT_FALSE(is_said({std::nullopt, SIGSEGV}));
}

TEST(MakeReport, WithoutAnExceptionItCarriesTheLastLines) {
  EXPECT_EQ(make_report(kRank, 0, {{1, std::nullopt}, 9, false, false}, "starting\ncannot open x\n").last_lines, "starting\ncannot open x");
  EXPECT_EQ(make_report(kRank, 0, {{1, std::nullopt}, 9, false, false}, kTraceback).last_lines, "");
  EXPECT_EQ(make_report(kRank, 0, {{0, std::nullopt}, 9, false, false}, "fine\n").last_lines, "");
  EXPECT_EQ(make_report(kRank, 0, {{std::nullopt, SIGTERM}, 9, true, false}, "working\n").last_lines, "") << "it was told to end";
  EXPECT_EQ(report_of_mpirun(0, {1, std::nullopt}, 9, "There are not enough slots\n").last_lines, "There are not enough slots");
}

TEST(ReadTail, GivesTheEndOfLongFilesAndNothingOfNone) {
  const test::TempFolder folder;
  EXPECT_EQ(tail_of_log(folder / "none"), "");
  ASSERT_TRUE(write_file(folder / "short", "abc", 0644, Durable::no));
  EXPECT_EQ(tail_of_log(folder / "short"), "abc");
  ASSERT_TRUE(write_file(folder / "long", std::string(100'000, 'x') + "end", 0644, Durable::no));
  const std::string tail = tail_of_log(folder / "long");
  EXPECT_EQ(tail.size(), 65'536U);
  EXPECT_TRUE(tail.ends_with("xend"));
}

}  // namespace
}  // namespace muster::runner
