#include "model/rank_report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::model {
namespace {

constexpr TimeUs kStart = 1'795'230'131'000'000;

RankReport exited(int rank, int code, TimeUs after) {
  RankReport report;
  report.rank = rank;
  report.local_rank = rank % 2;
  report.node_rank = rank / 2;
  report.exit_code = code;
  report.started_at = kStart;
  report.ended_at = kStart + after;
  report.log = "azureml-logs/70_driver_log_" + std::to_string(rank) + ".txt";
  return report;
}

RankReport signalled(int rank, std::string signal, TimeUs after) {
  RankReport report = exited(rank, 0, after);
  report.exit_code.reset();
  report.signal = std::move(signal);
  return report;
}

RankReport raised(int rank, std::string type, std::string message, TimeUs after) {
  RankReport report = exited(rank, 1, after);
  report.exception = PrintedException{std::move(type), std::move(message), "Traceback (most recent call last):\n…"};
  return report;
}

RankReport by_us(RankReport report) {
  report.stopped_by_us = true;
  return report;
}

const auto kReset = [](int rank, TimeUs after) { return raised(rank, "RuntimeError", "Connection reset by peer", after); };

struct CauseCase {
  const char* name;
  std::vector<RankReport> reports;
  int cause;  ///< rank, -1 for none
};

TEST(ChooseCause, FollowsTheRule) {
  const std::vector<CauseCase> cases{
      {"nobody failed", {exited(0, 0, 5), exited(1, 0, 6)}, -1},
      {"no reports", {}, -1},
      {"only those that we ended", {by_us(signalled(0, "SIGTERM", 5)), by_us(signalled(1, "SIGKILL", 6))}, -1},
      {"the one that failed", {exited(0, 0, 9), exited(1, 3, 5)}, 1},
      {"the earlier of two", {exited(0, 1, 9), exited(1, 1, 5)}, 1},
      {"the lower rank when both ended at once", {exited(1, 1, 5), exited(0, 1, 5)}, 0},
      {"an exception before an earlier broken connection", {kReset(0, 5), raised(3, "ValueError", "bad shape", 9)}, 3},
      {"a signal before an earlier broken connection", {kReset(0, 5), signalled(2, "SIGSEGV", 9)}, 2},
      {"an exit code before an earlier broken connection", {kReset(0, 5), exited(2, 3, 9)}, 2},
      {"broken connections alone: the earliest", {kReset(0, 9), kReset(1, 5)}, 1},
      {"out of memory before an earlier broken connection",
       {kReset(1, 4),
        [] {
          auto r = signalled(0, "SIGKILL", 5);
          r.out_of_memory = true;
          return r;
        }()},
       0},
      {"what mpirun ended is not the cause", {signalled(0, "SIGTERM", 4), kReset(1, 5)}, 1},
      {"SIGTERM as a shell reports it neither", {exited(0, 143, 4), exited(1, 1, 5)}, 1},
      {"SIGTERM from outside, and nothing else", {signalled(0, "SIGTERM", 4), exited(1, 0, 5)}, 0},
      {"one that could not start",
       {kReset(0, 4),
        [] {
          auto r = exited(1, 0, 5);
          r.exit_code.reset();
          r.start_failed = true;
          return r;
        }()},
       1},
      {"one whose end nobody saw is not known to have failed",
       {[] {
          auto r = exited(0, 0, 4);
          r.exit_code.reset();
          return r;
        }(),
        exited(1, 1, 5)},
       1},
      {"a broken pipe is a peer's death", {signalled(0, "SIGPIPE", 4), exited(1, 1, 5)}, 1},
      {"an exception while we ended it is not the cause", {by_us(raised(0, "KeyboardInterrupt", "", 4)), exited(1, 1, 5)}, 1},
      {"gloo, then horovod, then the cause",
       {raised(0, "RuntimeError", "[…/gloo/transport/tcp/pair.cc:534] Connection closed by peer", 3),
        raised(1, "horovod.common.exceptions.HorovodInternalError", "Horovod has been shut down", 4), raised(2, "KeyError", "'lr'", 8)},
       2},
  };
  for (const CauseCase& one : cases) {
    SCOPED_TRACE(one.name);
    const auto cause = choose_cause(one.reports);
    EXPECT_EQ(cause ? cause->rank : -1, one.cause);
    auto reversed = one.reports;
    std::reverse(reversed.begin(), reversed.end());
    const auto again = choose_cause(reversed);
    EXPECT_EQ(again ? again->rank : -1, one.cause) << "the order of reports must not matter";
  }
}

TEST(ToRunError, SaysWhatHappenedAndWhere) {
  const auto message = [](const RankReport& report, int world_size) { return to_run_error(report, world_size).message; };
  EXPECT_EQ(message(raised(3, "ValueError", "bad shape", 1), 4), "ValueError: bad shape (rank 3 on node 1, exit code 1)");
  EXPECT_EQ(message(raised(0, "ValueError", "bad shape\nsecond line", 1), 1), "ValueError: bad shape (exit code 1)");
  EXPECT_EQ(message(raised(0, "KeyboardInterrupt", "", 1), 1), "KeyboardInterrupt (exit code 1)");
  EXPECT_EQ(message(exited(0, 3, 1), 1), "the script ended with exit code 3");
  EXPECT_EQ(message(exited(3, 3, 1), 4), "the script ended with exit code 3 (rank 3 on node 1)");
  EXPECT_EQ(message(exited(0, 139, 1), 1), "the script ended with exit code 139, by which a shell reports SIGSEGV");
  EXPECT_EQ(message(exited(0, 255, 1), 1), "the script ended with exit code 255");
  EXPECT_EQ(message(signalled(0, "SIGKILL", 1), 1), "the script was ended by SIGKILL");
  RankReport killed = signalled(1, "SIGKILL", 1);
  killed.out_of_memory = true;
  EXPECT_EQ(message(killed, 2), "out of memory: the kernel ended the script with SIGKILL (rank 1 on node 0)");
}

TEST(ToRunError, CarriesTheLastLinesOfALogWithoutATraceback) {
  RankReport report = exited(0, 1, 1);
  report.last_lines = "starting\ncannot open /data/train.csv";
  const auto again = rank_report_from_json(to_json(report));
  ASSERT_TRUE(again) << again.error().detail;
  const RunError error = to_run_error(*again, 1);
  EXPECT_EQ(error.message, "the script ended with exit code 1");
  EXPECT_EQ(error.last_lines, "starting\ncannot open /data/train.csv");
  EXPECT_EQ(run_error_from_json(to_json(error))->last_lines, error.last_lines);
  EXPECT_EQ(to_json(to_run_error(exited(0, 1, 1), 1))["last_lines"], nullptr);
}

TEST(ToRunError, SaysWhyItCouldNotStart) {
  RankReport report = exited(0, 0, 1);
  report.exit_code.reset();
  report.start_failed = true;
  report.exception = PrintedException{"", "start /usr/bin/pyhton: no such file", ""};
  const RunError error = to_run_error(report, 1);
  EXPECT_EQ(error.code, "start_failed");
  EXPECT_EQ(error.message, "the script could not be started: start /usr/bin/pyhton: no such file");
}

TEST(ToRunError, KeepsWhereToLook) {
  const RunError error = to_run_error(raised(3, "ValueError", "bad shape", 1), 4);
  EXPECT_EQ(error.code, "user_error");
  EXPECT_EQ(error.rank, 3);
  EXPECT_EQ(error.node_rank, 1);
  EXPECT_EQ(error.exit_code, 1);
  EXPECT_EQ(error.signal, "");
  EXPECT_EQ(error.log, "azureml-logs/70_driver_log_3.txt");
  EXPECT_TRUE(error.traceback.starts_with("Traceback"));
}

TEST(RankReport, OneThatCouldNotBeStartedIsTheCauseAndSaysWhy) {
  RankReport report = exited(0, 127, 5);
  report.start_failed = true;
  report.exception = PrintedException{"StartFailed", "no space left on device", ""};
  RankReport unseen;
  unseen.rank = 2;
  const auto cause = choose_cause({unseen, raised(1, "ConnectionResetError", "reset by peer", 4), report});
  ASSERT_TRUE(cause);
  EXPECT_EQ(cause->rank, 0);
  const RunError error = to_run_error(*cause, 1);
  EXPECT_EQ(error.code, "start_failed");
  EXPECT_EQ(error.message, "the script could not be started: no space left on device");
  EXPECT_FALSE(error.exit_code);
  EXPECT_FALSE(choose_cause({unseen}));
}

TEST(ChooseCause, BlamesMpirunBeforeItsRanksOnlyWhenItWasKilled) {
  RankReport exit_code = exited(kLauncherRank, 7, 0);
  EXPECT_EQ(choose_cause({exit_code, kReset(1, 5)})->rank, 1);
  EXPECT_EQ(choose_cause({exit_code})->rank, kLauncherRank);
  EXPECT_EQ(choose_cause({signalled(kLauncherRank, "SIGKILL", 0), kReset(1, 5)})->rank, kLauncherRank);
  RankReport aborted = raised(kLauncherRank, "MpirunAborted", "mpirun ended the run", 0);
  aborted.exit_code.reset();
  EXPECT_EQ(choose_cause({aborted, exited(2, 7, 5)})->rank, 2);
  EXPECT_EQ(choose_cause({aborted, exited(2, 0, 5)})->rank, kLauncherRank);
}

TEST(ToRunError, NamesMpirunAndItsLog) {
  RankReport killed = signalled(kLauncherRank, "SIGKILL", 0);
  killed.log = "azureml-logs/70_mpi_log.txt";
  const RunError error = to_run_error(killed, 5);
  EXPECT_EQ(error.message, "mpirun ended with SIGKILL (on node 0); its output is in azureml-logs/70_mpi_log.txt");
  EXPECT_FALSE(error.rank);
  EXPECT_EQ(error.log, killed.log);
}

TEST(RankReport, IsReadBackAsItWasShown) {
  for (const RankReport& report : {exited(1, 3, 7), signalled(2, "SIGSEGV", 8), by_us(raised(3, "ValueError", "x", 9))}) {
    const auto read = rank_report_from_json(to_json(report));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(to_json(*read), to_json(report));
  }
}

TEST(RankReport, RefusesWhatCannotBe) {
  Json json = to_json(exited(1, 3, 7));
  json["signal"] = "SIGTERM";
  EXPECT_FALSE(rank_report_from_json(json)) << "both exit code and signal";
  json["exit_code"] = nullptr;
  EXPECT_TRUE(rank_report_from_json(json));
  json["signal"] = nullptr;
  EXPECT_TRUE(rank_report_from_json(json)) << "neither: nobody saw how it ended";
  json = to_json(exited(1, 3, 7));
  json["ended_at"] = "yesterday";
  EXPECT_FALSE(rank_report_from_json(json));
  json = to_json(exited(1, 3, 7));
  json["rank"] = -2;
  EXPECT_FALSE(rank_report_from_json(json));
}

}  // namespace
}  // namespace muster::model
