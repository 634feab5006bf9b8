#include "cli/run/run_view.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/model/model_view.h"
#include "cli/run/metrics_view.h"

namespace muster::cli {
namespace {

constexpr TimeUs kNow = 1'795'230'300'000'000;

Json failed_run() {
  return Json::parse(R"({
    "run_id": "birds_1795230131_0a1b2c3d", "experiment": "birds", "display_name": "first", "status": "Failed", "status_detail": null, "attempt": 1,
    "created_at": "2026-11-21T03:02:11.000000Z", "started_at": "2026-11-21T03:02:12.000000Z", "ended_at": "2026-11-21T03:03:24.000000Z",
    "stages": [{"name": "Preparing", "started_at": "2026-11-21T03:02:11.000000Z", "ended_at": "2026-11-21T03:02:11.200000Z"},
               {"name": "Scaling", "started_at": "2026-11-21T03:02:11.200000Z", "ended_at": "2026-11-21T03:02:12.000000Z"},
               {"name": "Running", "started_at": "2026-11-21T03:02:12.000000Z", "ended_at": "2026-11-21T03:03:24.000000Z"},
               {"name": "Post-processing", "started_at": null, "ended_at": null}],
    "compute_target": "local", "environment": {"name": "default", "version": "1"}, "snapshot_id": "aaaaaaaaaaaaaaaaaaaaaaaa", "script": "train.py", "command": null,
    "arguments": ["--num_epochs", "3", "two words", "it's"], "distribution": null, "node_count": 1, "nodes": [{"node_rank": 0, "host": "h", "status": "Done"}],
    "error": {"code": "user_error", "message": "ValueError: bad shape", "rank": 0, "node_rank": 0, "exit_code": 1, "signal": null,
              "traceback": "Traceback (most recent call last):\n  File \"train.py\", line 2\nValueError: bad shape\n", "log": "azureml-logs/70_driver_log.txt"},
    "warnings": ["outputs/x was left by two nodes"], "tags": {"kind": "first"}, "properties": {}})");
}

TEST(RunText, PutsWhatWentWrongFirst) {
  const std::string text = run_text(failed_run(), kNow, 80, Style());
  const auto at = [&](const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
    return text.find(part);
  };
  EXPECT_EQ(at("birds_1795230131_0a1b2c3d  Failed\n"), 0u);
  EXPECT_LT(at("ValueError: bad shape\n"), at("Traceback"));
  EXPECT_LT(at("Traceback"), at("Experiment    birds"));
  at("muster run logs birds_1795230131_0a1b2c3d azureml-logs/70_driver_log.txt");
  at("Script        train.py --num_epochs 3 'two words' 'it'\\''s'");
  at("Stages        Preparing        200 ms\n");
  at("Running          1 min 12 s\n");
  EXPECT_EQ(text.find("Post-processing"), std::string::npos);
  at("warning: outputs/x was left by two nodes");
  at("Tags          kind=first");
}

TEST(RunText, ARunningStageSaysSo) {
  Json run = failed_run();
  run["status"] = "Running";
  run["error"] = nullptr;
  run["ended_at"] = nullptr;
  run["stages"][2]["ended_at"] = nullptr;
  EXPECT_NE(run_text(run, kNow, 80, Style()).find("so far"), std::string::npos);
}

TEST(RunText, OfAnInteractiveRunThereIsNoScriptAndNoNode) {
  const Json run = Json::parse(R"({"run_id": "notes_1795230131_0a1b2c3d", "experiment": "notes", "kind": "interactive", "status": "Running",
    "number": 3, "lifecycle": "deleted", "deleted_at": "2026-11-21T03:02:11.000000Z", "description": "by hand", "parameters": {"lr": "0.1"},
    "compute_target": null, "environment": null, "node_count": null, "script": null, "command": null, "arguments": [],
    "parent_run_id": "notes_1795230130_0a1b2c3d"})");
  const std::string text = run_text(run, kNow, 80, Style());
  EXPECT_NE(text.find("Kind          interactive\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Parent        notes_1795230130_0a1b2c3d\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Description   by hand\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Experiment    notes, run 3\n"), std::string::npos) << text;
  EXPECT_NE(text.find("Parameters    lr=0.1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("`muster run restore notes_1795230131_0a1b2c3d` brings it back"), std::string::npos) << text;
  for (const char* label : {"Script", "Compute", "Environment"}) EXPECT_EQ(text.find(label), std::string::npos) << text;
}

TEST(RunText, AnswersOfANewerOrOlderServerAreShownAllTheSame) {
  EXPECT_NE(run_text(Json::object(), kNow, 80, Style()), "");
  EXPECT_NE(run_text(Json::parse(R"({"status": 5, "stages": "x", "arguments": {"a": 1}, "nodes": 7, "error": [], "tags": [1]})"), kNow, 20,
                     Style()),
            "");
}

TEST(RunResult, EndsWithWhatToTypeNext) {
  const std::string failed = run_result_text(failed_run(), kNow, 100, Style());
  EXPECT_NE(failed.find("Preparing 200 ms · Scaling 800 ms · Running 1 min 12 s\n"), std::string::npos);
  EXPECT_NE(failed.find("ValueError: bad shape"), std::string::npos);
  EXPECT_NE(failed.find("Next: muster run show birds_1795230131_0a1b2c3d"), std::string::npos);
  Json completed = failed_run();
  completed["status"] = "Completed";
  completed["error"] = nullptr;
  EXPECT_NE(run_result_text(completed, kNow, 100, Style()).find("Next: muster run outputs"), std::string::npos);
}

std::size_t times(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(RunResult, SaysAnErrorOnce) {
  const std::string silent = run_result_text(failed_run(), kNow, 80, Style());
  EXPECT_EQ(times(silent, "Traceback"), 1U);
  EXPECT_EQ(times(silent, "muster run logs"), 1U) << silent;
  const std::string followed = run_result_text(failed_run(), kNow, 80, Style(), ErrorLog::shown);
  EXPECT_EQ(times(followed, "Traceback"), 0U) << "it has just been shown";
  EXPECT_EQ(times(followed, "ValueError: bad shape"), 1U);
}

TEST(RunResult, WithoutATracebackItShowsTheLogsLastLines) {
  Json run = failed_run();
  run["error"]["message"] = "the script ended with exit code 1";
  run["error"]["traceback"] = nullptr;
  run["error"]["last_lines"] = "starting\ncannot open \x1b[31m/data/train.csv";
  for (const std::string& text : {run_result_text(run, kNow, 80, Style()), run_text(run, kNow, 80, Style())}) {
    EXPECT_NE(text.find("the script ended with exit code 1\n\n  its log ends with\n  starting\n  cannot open "), std::string::npos) << text;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
  }
  EXPECT_EQ(run_result_text(run, kNow, 80, Style(), ErrorLog::shown).find("train.csv"), std::string::npos);
}

TEST(RunResult, NobodysOutputSteersTheTerminal) {
  Json run = failed_run();
  run["error"]["traceback"] = "\x1b[2Jgone";
  run["error"]["message"] = "\x1b]0;title\x07";
  run["arguments"] = {"\x1b[31m"};
  EXPECT_EQ(run_text(run, kNow, 80, Style()).find('\x1b'), std::string::npos);
}

TEST(MetricsText, ShowsLastLeastGreatestAndTheCurve) {
  Json curves = Json::parse(R"([
    {"name": "loss", "rank": 0, "count": 3, "min": 0.5, "max": 2.5, "last": {"value": 0.5}, "points": [{"value": 2.5}, {"value": 1.25}, {"value": 0.5}]},
    {"name": "note", "rank": 0, "count": 1, "min": null, "max": null, "last": {"value": "hello"}, "points": []},
    {"name": "bad", "rank": 0, "count": 2, "min": "Infinity", "max": "Infinity", "last": {"value": "Infinity"}, "points": [{"value": "NaN"}, {"value": "Infinity"}]},
    {"name": "items", "rank": 0, "count": 1, "min": null, "max": null, "last": {"value": {"list": [1, 2, 3]}}, "points": []}])");
  const std::string text = metrics_text(curves, 100, Style());
  EXPECT_NE(text.find("loss          0.5       0.5       2.5       3  █▄▁"), std::string::npos) << text;
  EXPECT_NE(text.find("hello"), std::string::npos);
  EXPECT_NE(text.find("list of 3"), std::string::npos);
  EXPECT_NE(text.find("Infinity"), std::string::npos);
  EXPECT_EQ(text.find("[rank"), std::string::npos);
  curves[1]["rank"] = 1;
  EXPECT_NE(metrics_text(curves, 100, Style()).find("note [rank 1]"), std::string::npos);
}

TEST(ModelName, ReadsBothWaysToNameAVersion) {
  EXPECT_EQ(model_name("birds", "")->version, "latest");
  EXPECT_EQ(model_name("birds:2", "")->version, "2");
  EXPECT_EQ(model_name("birds", "3")->version, "3");
  EXPECT_FALSE(model_name("birds:2", "3"));
}

}  // namespace
}  // namespace muster::cli
