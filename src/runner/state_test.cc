#include "runner/state.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

RunnerState some_state() {
  RunnerState state;
  state.group = {{"name", "r-1-0"}};
  state.ranks = {{4, 0, "azureml-logs/70_driver_log_4.txt", 101, 5'000'000},
                 {5, 1, "azureml-logs/70_driver_log_5.txt", 102, 6'000'000},
                 {6, 2, "azureml-logs/70_driver_log_6.txt", 103, 6'000'000},
                 {7, 3, "azureml-logs/70_driver_log_7.txt", 0, 0}};
  model::RankReport report;
  report.rank = 4;
  report.node_rank = 1;
  report.exit_code = 3;
  report.started_at = 5'000'000;
  report.ended_at = 7'000'000;
  state.reports = {report};
  return state;
}

TEST(RunnerState, IsReadBack) {
  const test::TempFolder folder;
  EXPECT_EQ(load_state(folder / "state.json").error().code, Code::not_found);
  ASSERT_TRUE(save(some_state(), folder / "state.json"));
  const auto read = load_state(folder / "state.json");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(to_json(*read), to_json(some_state()));
}

TEST(RunnerState, RefusesWhatItCannotRead) {
  const test::TempFolder folder;
  for (const char* text : {"", "[]", "{\"version\": 2}", "{\"version\": 1, \"phase\": \"starting\", \"ranks\": [3]}"}) {
    ASSERT_TRUE(write_file(folder / "state.json", text, 0644, Durable::no));
    EXPECT_FALSE(load_state(folder / "state.json")) << text;
  }
}

TEST(RunnerState, TellsWhatIsKnownOfLostRanksAndNoMore) {
  const auto reports = reports_of_the_lost(some_state(), {5}, 1, 9'000'000);
  ASSERT_EQ(reports.size(), 3U);  // the one that was never started has nothing to tell
  EXPECT_EQ(reports[0].exit_code, 3);
  EXPECT_EQ(reports[1].rank, 5);
  EXPECT_EQ(reports[1].signal, "SIGKILL");
  EXPECT_TRUE(reports[1].stopped_by_us);
  EXPECT_EQ(reports[1].node_rank, 1);
  EXPECT_EQ(reports[2].rank, 6);
  EXPECT_EQ(reports[2].signal, "");
  EXPECT_FALSE(reports[2].exit_code);
  EXPECT_EQ(reports[2].log, "azureml-logs/70_driver_log_6.txt");
}

}  // namespace
}  // namespace muster::runner
